// The controls of the viewer, the key of its colours, and what is read under the cursor.
import { number } from "./spectrum_plot.js";
import { nearest } from "./spectrum_data.js";

// The slider goes evenly through ln(1 + z).
const SLOWEST = Math.log(0.99), FASTEST = Math.log(8.5), STEPS = 10_000;
const redshiftOf = (step) => Number(Math.expm1(SLOWEST + (step / STEPS) * (FASTEST - SLOWEST)).toFixed(5));
const stepOf = (z) => Math.round((STEPS * (Math.log1p(z) - SLOWEST)) / (FASTEST - SLOWEST));

// Fills them, and has them change what the viewer shows.
export function listenToControls(viewer, element) {
  const form = element.querySelector(".controls"), { elements: controls } = form;
  const told = viewer.lines.filter((line) => line.kind !== "sky");
  controls.line.append(...told.map((line) => new Option(`${line.name} ${line.wavelength}`, line.wavelength)));
  element.querySelector(".key").append(...viewer.spectra.flatMap(key));
  element.querySelector(".likewise").hidden = viewer.spectra.length < 2;
  const chosen = (name) => [...element.querySelectorAll(`[name=${name}]`)].filter((box) => box.checked).map((box) => box.value);
  const off = () => [...viewer.spectra.keys()].filter((k) => !chosen("shown").includes(String(k)));
  const changed = {
    frame: () => viewer.turn(controls.frame.value === "rest"), z: () => viewer.setRedshift(controls.z.value),
    slide: () => viewer.setRedshift(redshiftOf(controls.slide.value)), smooth: () => viewer.change({ smooth: Number(controls.smooth.value) }),
    fit: () => viewer.change({ fit: controls.fit.value, y: null }), kind: () => viewer.change({ kinds: chosen("kind") }),
    scaled: () => viewer.change({ scaled: controls.scaled.checked, y: null }), shown: () => viewer.change({ off: off() }),
    line: () => viewer.goTo(controls.line.value),
  };
  const deeds = {
    in: () => viewer.zoom(0.5), out: () => viewer.zoom(2), left: () => viewer.pan(-0.25), right: () => viewer.pan(0.25),
    all: () => viewer.showAll(), measured: () => viewer.change({ z: viewer.usual.z }),
  };
  element.addEventListener("input", ({ target }) => changed[target.name]?.());
  element.addEventListener("click", ({ target }) => deeds[target.dataset.do]?.());
  form.addEventListener("submit", (event) => event.preventDefault());
}

export function showControls({ state, usual, spectra: [{ redshift }] }, element) {
  const { elements: controls } = element.querySelector(".controls");
  controls.frame.value = state.rest ? "rest" : "observed";
  if (document.activeElement !== controls.z) controls.z.value = state.z;
  controls.slide.value = stepOf(state.z);
  controls.slide.ariaValueText = `z = ${state.z}`;
  controls.smooth.value = state.smooth;
  controls.smoothed.value = state.smooth > 1 ? `${state.smooth} bins` : "none";
  controls.fit.value = state.fit;
  controls.scaled.checked = state.scaled;
  controls.line.value = "";
  for (const box of controls.kind) box.checked = state.kinds.includes(box.value);
  for (const box of element.querySelectorAll("[name=shown]")) box.checked = !state.off.includes(Number(box.value));
  element.querySelector("[data-do=measured]").hidden = redshift === null || state.z === usual.z;
  element.querySelector(".axis-name").textContent = `wavelength in vacuum, ${state.rest ? `at rest for z = ${number(state.z)}` : "observed"} [Å]`;
}

// A spectrum, that can be left out, and its models.
function key(spectrum, k) {
  const label = document.createElement("label"), box = document.createElement("input");
  Object.assign(box, { type: "checkbox", name: "shown", value: k, checked: true });
  label.append(box, ...part(spectrum.label, spectrum.hue).childNodes);
  return [label, ...spectrum.models.map((model) => part(model.label, model.hue, model.href))];
}

// Wavelengths, flux with its error, and the line under the cursor.
export function readAt(viewer, at, near) {
  const { z, rest } = viewer.state, observed = rest ? at * (1 + z) : at;
  const values = viewer.drawn.map((each) => [valueAt(each, at), each.hue]).filter(([text]) => text);
  const [line] = viewer.marks.filter((mark) => Math.abs(mark.at - at) < near).sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at));
  return [
    part(`λ ${observed.toFixed(2)} Å`), part(`${(observed / (1 + z)).toFixed(2)} Å at rest`),
    ...values.map(([text, hue]) => part(text, hue)), ...(line ? [part(`${line.name} ${line.wavelength}`)] : []),
  ];
}

function valueAt({ x, scale, flux, sigma, raw, wavelength, medium, factor, bad }, at) {
  const i = nearest(x, at / scale), figures = (value, digits) => number(Number(value.toPrecision(digits)));
  if (at / scale < x[0] || at / scale > x[x.length - 1]) return "";
  const value = bad[i] ? `${figures(raw[i], 4)}, not to be used` : figures(flux[i], 4) + (sigma ? ` ± ${figures(sigma[i], 2)}` : "");
  return value + (factor === 1 ? "" : ` × ${factor.toPrecision(3)}`) + (medium === "air" ? `, ${wavelength[i].toFixed(2)} Å in air` : "");
}

// A text with the colour of its curve before it.
function part(text, hue, href) {
  const found = document.createElement(href ? "a" : "span");
  if (href) found.href = href;
  if (hue) found.append(Object.assign(document.createElement("i"), { style: `background: var(--${hue})` }));
  found.append(text);
  return found;
}
