// The spectra of an object's page: what is drawn of them, and what is done to it by hand.
import { listenToAsking } from "./spectrum_asking.js";
import { readAddress, usualState, writeAddress } from "./spectrum_address.js";
import { listenToControls, readAt, showControls } from "./spectrum_controls.js";
import { firstAbove, likeness, readSpectrum, residuals, smoothed, worthSeeing } from "./spectrum_data.js";
import { band, colour, curve, level, lines, panel, shade } from "./spectrum_plot.js";
import { binding, listen, listenToKeys } from "./spectrum_pointer.js";

const between = (value, low, high) => Math.min(Math.max(value, low), high);
// Bins within a range of the axis.
const within = ({ x, scale }, [low, high]) => [firstAbove(x, low / scale), firstAbove(x, high / scale)];

class Viewer {
  constructor(element, data) {
    let hue = data.spectra.length;
    const coloured = (model) => ({ ...model, hue: `k${hue++ % 10}` });
    this.element = element;
    this.lines = data.lines;
    this.spectra = data.spectra.map((raw, k) => ({ ...readSpectrum({ ...raw, models: raw.models.map(coloured) }), hue: `k${k % 10}` }));
    this.usual = usualState(this.spectra);
    this.state = readAddress(this.usual, this.spectra.length);
    [this.drawn, this.marks, this.named] = [[], [], []];
    this.panels = this.makePanels();
    listenToControls(this, element);
    listenToKeys(element.querySelector(".canvas"), this);
    addEventListener("hashchange", () => this.change(readAddress(this.usual, this.spectra.length)));
    new MutationObserver(() => this.draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    this.draw();
  }

  makePanels() {
    const [main, below] = this.element.querySelectorAll(".panel"), compared = this.spectra.find((s) => s.models.length), isCompared = Boolean(compared);
    const unit = this.spectra[0].unit_text, label = unit ? `flux density [${unit}]` : "relative flux";
    const common = { bind: binding(this), hooks: { setCursor: [(u) => this.read(u)], setSelect: [(u) => this.select(u)] } };
    const made = [panel(main, { ...common, label, hasWavelengths: !isCompared, paint: (u) => this.paintSpectra(u) })];
    below.hidden = !isCompared;
    if (isCompared) made.push(panel(below, { ...common, label: compared.sigma ? "difference / σ" : "difference", hasWavelengths: true, space: 24, paint: (u) => this.paintDifferences(u) }));
    made.forEach((u) => listen(u, this));
    return made;
  }

  change(changes) {
    Object.assign(this.state, changes);
    this.draw();
  }

  // Once for each picture of the screen, however much has changed.
  draw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.compute();
      showControls(this, this.element);
      this.panels.forEach((u, i) => this.drawPanel(u, i ? this.deviations() : this.limits));
      clearTimeout(this.writing);
      this.writing = setTimeout(() => {
        this.writing = null;
        writeAddress(this.state, this.usual);
      }, 200);
      // The panels are drawn as soon as this is over.
      queueMicrotask(() => Object.assign(this.element.dataset, { drawn: "yes" }));
    });
  }

  drawPanel(u, [min, max]) {
    const [first, last] = this.range;
    u.batch(() => {
      u.setScale("x", { min: first, max: last });
      u.setScale("y", { min, max });
    });
    u.redraw(false, true);
  }

  // Everything that is drawn of a state.
  compute() {
    const { smooth, scaled, x, y } = this.state;
    this.drawn = this.shown.map((spectrum) => {
      if (spectrum.width !== smooth) Object.assign(spectrum, { width: smooth, means: smoothed(spectrum, smooth) });
      return { ...spectrum, ...spectrum.means, raw: spectrum.flux, scale: this.scale(spectrum), factor: 1 };
    });
    if (scaled) for (const each of this.drawn.slice(1)) each.factor = likeness(this.drawn[0], each);
    this.range = x ?? this.whole;
    this.limits = y ?? this.heights();
    this.marks = this.placedLines();
    this.compared = this.drawn.find((d) => d.models.length);
    this.differences = this.compared ? residuals(this.compared) : [];
  }

  get shown() {
    return this.spectra.filter((_, k) => !this.state.off.includes(k));
  }

  // A spectrum's wavelengths times this are those of the axis.
  scale({ frame }) {
    const { z, rest } = this.state;
    if (frame === "rest") return rest ? 1 : 1 + z;
    return rest ? 1 / (1 + z) : 1;
  }

  get whole() {
    const spectra = this.shown.length ? this.shown : this.spectra;
    const ends = spectra.flatMap((s) => [s.x[0] * this.scale(s), s.x[s.x.length - 1] * this.scale(s)]);
    const [low, high] = [Math.min(...ends), Math.max(...ends)], room = 0.01 * (high - low);
    return [low - room, high + room];
  }

  // Room for the names of lines is left above, and for those in absorption below.
  heights() {
    const { fit, kinds } = this.state;
    const values = this.drawn.flatMap((d) => worthSeeing(d, ...within(d, this.range), fit).map((v) => v * d.factor));
    const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1], room = high - low || 1;
    return [low - (kinds.includes("absorption") ? 0.16 : 0.06) * room, high + (kinds.length ? 0.2 : 0.06) * room];
  }

  deviations() {
    const found = this.differences.flatMap((d) => worthSeeing(d, ...within(this.compared, this.range), "continuum"));
    const most = 1.15 * Math.max(4, ...found.map(Math.abs));
    return [-most, most];
  }

  placedLines() {
    const { z, rest, kinds } = this.state;
    return this.lines.flatMap((line) => {
      const as = line.kind === "both" ? ["emission", "absorption"].find((kind) => kinds.includes(kind)) : line.kind;
      if (!kinds.includes(as)) return [];
      const isObserved = line.kind === "sky", shift = isObserved === rest ? (rest ? 1 / (1 + z) : 1 + z) : 1;
      return [{ ...line, as, at: line.wavelength * shift }];
    });
  }

  paintSpectra(u) {
    if (this.drawn.length) shade(u, this.drawn[0]);
    for (const each of [...this.drawn].reverse()) {
      const style = colour(each.hue), { factor } = each;
      curve(u, each, each.raw, style, { factor, width: 1, alpha: 0.3 });
      if (each.sigma) band(u, each, each, style, factor);
      curve(u, each, each.flux, style, { factor });
      for (const model of each.models) curve(u, each, model.flux, colour(model.hue), { factor, width: 1.75 });
    }
    this.named = lines(u, this.marks);
  }

  paintDifferences(u) {
    if (!this.compared) return;
    shade(u, this.compared);
    for (const sigmas of this.compared.sigma ? [-3, 0, 3] : [0]) level(u, sigmas, colour(sigmas ? "line" : "soft"));
    for (const model of this.differences) curve(u, this.compared, model.flux, colour(model.hue), { width: 1 });
    lines(u, this.marks, false);
  }

  // Deeds: what pointers, keys and controls ask for.
  names(u) {
    return u === this.panels[0] && !this.state.rest ? this.named : [];
  }

  isWhole() {
    return this.state.x === null;
  }

  showAll() {
    this.change({ x: null, y: null });
  }

  // About a place that stays where it is, as a share of the width.
  zoom(factor, at = 0.5) {
    const [low, high] = this.range, [first, last] = this.whole, fixed = low + at * (high - low), width = Math.max((high - low) * factor, 1);
    const begin = between(fixed - at * width, first, last - width);
    this.change({ x: width < last - first ? [begin, begin + width] : null });
  }

  pan(share) {
    this.shift(null, share, 0);
  }

  shift(u, right, up) {
    const { x, y } = this.state, [low, high] = this.range, [first, last] = this.whole;
    const by = between(right * (high - low), Math.min(first - low, 0), Math.max(last - high, 0));
    this.change({ x: x && [low + by, high + by], y: y && u === this.panels[0] ? y.map((v) => v + up * (y[1] - y[0])) : y });
  }

  select(u) {
    const { left, top, width, height } = u.select, [low, high] = [left, left + width].map((v) => u.posToVal(v, "x"));
    if (!width && !height) return;
    const isTall = height >= u.over.clientHeight || u !== this.panels[0], y = isTall ? this.state.y : [top + height, top].map((v) => u.posToVal(v, "y"));
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (Math.max(width, isTall ? 0 : height) > 4) this.change({ x: high - low > 0.5 ? [low, high] : this.state.x, y });
  }

  read(u) {
    const { left } = u.cursor, near = 8 * (u.posToVal(1, "x") - u.posToVal(0, "x"));
    if (left >= 0 && this.drawn.length) this.element.querySelector(".readout").replaceChildren(...readAt(this, u.posToVal(left, "x"), near));
  }

  moveLine({ wavelength }, at) {
    this.change({ z: between(Number((at / wavelength - 1).toFixed(6)), -0.9, 20) });
  }

  setRedshift(z) {
    if (z !== "" && z > -1) this.change({ z: Number(z) });
  }

  // To wavelengths at rest or as observed, with the same bins in sight.
  turn(rest) {
    const { z, rest: before, x } = this.state, by = rest === before ? 1 : rest ? 1 / (1 + z) : 1 + z;
    this.change({ rest, x: x && x.map((v) => v * by) });
  }

  goTo(wavelength) {
    const { z, rest } = this.state, at = wavelength * (rest ? 1 : 1 + z);
    if (at) this.change({ x: [at * 0.98, at * 1.02], y: null });
  }
}

async function begin(element) {
  const answer = await fetch(element.dataset.spectra);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  const data = await answer.json();
  for (const waiting of element.querySelectorAll("[data-scripted]")) waiting.hidden = false;
  element.viewer = new Viewer(element, data);
  listenToAsking(element, data);
}

function apologise(element) {
  const note = document.createElement("p");
  Object.assign(note, { className: "note", textContent: "The spectrum could not be drawn; reload the page. Its files stand below." });
  element.querySelector(".canvas").replaceChildren(note);
  element.dataset.drawn = "failed";
}

for (const element of document.querySelectorAll("[data-spectra]")) begin(element).catch(() => apologise(element));
