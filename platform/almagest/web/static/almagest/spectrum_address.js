// What of the viewer's state stands in the address, so that what one sees can be sent: only what differs from the usual.

export const KINDS = ["emission", "absorption", "sky"], FITS = ["lines", "continuum", "everything"];
const between = (value, low, high) => Math.min(Math.max(value, low), high);

// The state that these spectra are first shown in.
export function usualState(spectra) {
  const [{ redshift, spec_class: kind }] = spectra, isKnown = redshift !== null;
  // Redshifts are kept in single precision: what stands behind seven digits is none of theirs.
  const kinds = { QSO: ["emission"], STAR: ["absorption"] }[kind] ?? ["emission", "absorption"];
  const isMixed = new Set(spectra.map((s) => s.unit)).size > 1;
  return { z: isKnown ? Number(redshift.toFixed(7)) : 0, smooth: 1, rest: false, x: null, y: null, fit: "lines", kinds: isKnown ? kinds : [], off: [], scaled: isMixed };
}

export function readAddress(usual, count) {
  const given = new URLSearchParams(location.hash.slice(1)), state = { ...usual };
  const words = (name, known) => given.get(name).split(",").filter((word) => known.includes(word));
  const z = Number(given.get("z") || NaN), smooth = Math.round(Number(given.get("smooth")));
  if (z > -1 && z < 100) state.z = z;
  if (smooth) state.smooth = between(smooth, 1, 31);
  if (given.has("frame")) state.rest = given.get("frame") === "rest";
  for (const axis of ["x", "y"]) {
    const [low, high] = (given.get(axis) ?? "").split(",").map(Number);
    if (Number.isFinite(low) && low < high && high < Infinity) state[axis] = [low, high];
  }
  if (FITS.includes(given.get("fit"))) state.fit = given.get("fit");
  if (given.has("lines")) state.kinds = words("lines", KINDS);
  if (given.has("off")) state.off = words("off", [...Array(count).keys()].map(String)).map(Number);
  if (given.has("scaled")) state.scaled = given.get("scaled") === "yes";
  return state;
}

export function writeAddress(state, usual) {
  const [now, before] = [state, usual].map(spelled), changed = Object.keys(now).filter((name) => now[name] !== before[name]);
  const hash = changed.map((name) => `${name}=${now[name]}`).join("&");
  // Another part of the page that the address names stays named.
  if (hash || location.hash.includes("=")) history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

function spelled({ z, smooth, rest, x, y, fit, kinds, off, scaled }) {
  const pair = (range, digits) => (range ?? []).map((v) => +v.toPrecision(digits)).join(",");
  return { z: String(z), smooth: String(smooth), frame: rest ? "rest" : "observed", x: pair(x, 7), y: pair(y, 5), fit,
    lines: kinds.join(","), off: off.join(","), scaled: scaled ? "yes" : "no" };
}
