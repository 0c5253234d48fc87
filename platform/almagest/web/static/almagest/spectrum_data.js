// Spectra as numbers: decoded, smoothed, compared with models, and the range of them that is worth looking at. Draws nothing.

const bytes = (text) => {
  const binary = atob(text), result = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) result[i] = binary.charCodeAt(i);
  return result.buffer;
};
const floats = (text) => new Float64Array(new Float32Array(bytes(text)));

// Arrays of one spectrum; `x` is in vacuum, `sigma` null where the source gives no errors.
export function readSpectrum(raw) {
  const wavelength = new Float64Array(bytes(raw.wavelength)), flux = floats(raw.flux), mask = new Uint8Array(bytes(raw.mask));
  const ivar = raw.ivar === null ? null : floats(raw.ivar);
  const bad = mask.map((masked, i) => (masked || !Number.isFinite(flux[i]) || (ivar && !(ivar[i] > 0)) ? 1 : 0));
  const x = raw.vacuum ? new Float64Array(bytes(raw.vacuum)) : wavelength;
  const models = raw.models.map((model) => ({ ...model, flux: onGrid(x, model) }));
  return { ...raw, wavelength, x, flux, bad, models, weight: (i) => (bad[i] ? 0 : ivar ? ivar[i] : 1), sigma: ivar && ivar.map((w) => 1 / Math.sqrt(w)) };
}

// A model's flux where the spectrum was measured, both in vacuum; not a number outside of what it covers.
function onGrid(x, model) {
  const flux = floats(model.flux);
  if (!model.wavelength) return flux;
  const own = new Float64Array(bytes(model.wavelength));
  return x.map((at) => {
    const i = Math.min(Math.max(firstAbove(own, at), 1), own.length - 1), share = (at - own[i - 1]) / (own[i] - own[i - 1]);
    return share < 0 || share > 1 ? NaN : flux[i - 1] * (1 - share) + flux[i] * share;
  });
}

// Number of the first value above `at` in increasing values.
export function firstAbove(values, at) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] > at) high = middle; else low = middle + 1;
  }
  return low;
}

export function nearest(values, at) {
  const i = firstAbove(values, at);
  if (i === 0 || i === values.length) return Math.min(i, values.length - 1);
  return values[i] - at < at - values[i - 1] ? i : i - 1;
}

// Means over `width` bins, each weighted by its inverse variance, of flux and models alike; not a number in bins that are not to be used.
export function smoothed(spectrum, width) {
  const n = spectrum.x.length, before = Math.floor(Math.max(width - 1, 0) / 2), after = Math.max(width, 1) - before;
  const sums = (value) => {
    const total = new Float64Array(n + 1);
    for (let i = 0; i < n; i += 1) {
      const w = spectrum.weight(i);
      total[i + 1] = total[i] + (w ? w * value(i) : 0);
    }
    return (i) => total[Math.min(i + after, n)] - total[Math.max(i - before, 0)];
  };
  const weights = sums(() => 1), all = new Float64Array(n).fill(NaN);
  const mean = (values) => {
    const sum = sums((i) => values[i]);
    return all.map((_, i) => (spectrum.bad[i] ? NaN : sum(i) / weights(i)));
  };
  const single = width <= 1;
  const flux = single ? spectrum.flux.map((f, i) => (spectrum.bad[i] ? NaN : f)) : mean(spectrum.flux);
  const sigma = spectrum.sigma && (single ? spectrum.sigma : all.map((_, i) => (spectrum.bad[i] ? NaN : 1 / Math.sqrt(weights(i)))));
  const models = spectrum.models.map((model) => ({ ...model, flux: single ? model.flux : meanOfKnown(model.flux, mean) }));
  return { flux, sigma, models };
}

// A running sum would carry what is not a number into all bins behind it.
function meanOfKnown(values, mean) {
  const result = mean(values.map((v) => (Number.isFinite(v) ? v : 0)));
  return result.map((v, i) => (Number.isFinite(values[i]) ? v : NaN));
}

// (data - model) / error of each bin.
export function residuals({ flux, sigma, models }) {
  return models.map((model) => ({ ...model, flux: flux.map((f, i) => (f - model.flux[i]) / (sigma ? sigma[i] : 1)) }));
}

const quantile = (sorted, share) => sorted[Math.round(share * (sorted.length - 1))];

// What a spectrum is to be multiplied with to lie on another one: by the medians of what both cover, or of all where they do not meet.
export function likeness(one, other) {
  const [a, b] = [one, other].map(({ x, scale }) => [x[0] * scale, x[x.length - 1] * scale]);
  const low = Math.max(a[0], b[0]), high = Math.min(a[1], b[1]);
  const part = ({ x, scale, flux }) => (low < high ? flux.slice(firstAbove(x, low / scale), firstAbove(x, high / scale)) : flux);
  const middle = (each) => quantile(part(each).filter(Number.isFinite).sort(), 0.5), ratio = middle(one) / middle(other);
  return ratio > 0 && ratio < Infinity ? ratio : 1;
}

// What of one curve is worth seeing between two bins, as [low, high], or nothing: nearly all of it where its errors are not much larger
// than usual ("continuum"), with its lines, or "everything". A line is what stands out in three bins together by far more than their
// errors, as cosmic rays and noisy ends do not.
export function worthSeeing({ flux, sigma }, from, to, fit) {
  const errors = sigma ? sigma.slice(from, to).filter(Number.isFinite).sort() : [], usual = errors.length ? quantile(errors, 0.5) : Infinity;
  const isWanted = (f, i) => Number.isFinite(f) && (fit === "everything" || !sigma || sigma[from + i] < 4 * usual);
  const sorted = flux.slice(from, to).filter(isWanted).sort();
  if (!sorted.length) return [];
  let [low, high] = fit === "everything" ? [sorted[0], sorted[sorted.length - 1]] : [quantile(sorted, 0.005), quantile(sorted, 0.995)];
  if (fit !== "lines") return [low, high];
  const middle = quantile(sorted, 0.5), isLine = (i, off) => !sigma || off > 6 * sigma[i];
  for (let i = Math.max(from, 1); i < Math.min(to, flux.length - 1); i += 1) {
    const a = flux[i - 1], b = flux[i], c = flux[i + 1], three = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    if (three > high && isLine(i, three - middle)) high = three;
    if (three < low && isLine(i, middle - three)) low = three;
  }
  return [low, high];
}
