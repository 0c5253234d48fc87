// Draws spectra, lines and residuals into panels of uPlot, which gives the axes, the cursor and the box that is drawn with the mouse.
import { firstAbove } from "./spectrum_data.js";

const FONT = '12px "Inter Variable", system-ui, sans-serif', SMALL = 11;
const LINE_COLOURS = { emission: "accent", absorption: "k7", sky: "k6" };
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
export const number = (v) => (v !== 0 && (Math.abs(v) >= 1e6 || Math.abs(v) < 1e-3) ? Number(v.toPrecision(4)).toExponential() : String(Number(v.toPrecision(7))));

// One panel as large as its element: `paint(u)` draws what is in it.
export function panel(element, { label, hasWavelengths, space = 40, bind, hooks, paint }) {
  const ticks = { stroke: () => colour("line"), width: 1 }, text = { stroke: () => colour("soft"), font: FONT, labelFont: FONT, grid: ticks, ticks };
  const values = (_, shown) => shown.map(number);
  const range = (_, low, high) => [low, high], size = () => ({ width: element.clientWidth, height: element.clientHeight });
  const plot = new uPlot({
    ...size(), legend: { show: false }, series: [{}, { show: false }], padding: [8, 14, 0, 0],
    scales: { x: { time: false, range }, y: { auto: false, range } },
    axes: [
      { ...text, values: hasWavelengths ? values : (_, shown) => shown.map(() => ""), size: hasWavelengths ? 34 : 8 },
      { ...text, values, space, size: 62, label, labelSize: 20 },
    ],
    cursor: { drag: { x: true, y: true, uni: 40, setScale: false }, points: { show: false }, sync: { key: "spectrum", setSeries: false }, bind },
    hooks: { ...hooks, draw: [(u) => inside(u, () => paint(u))] },
  }, [[0, 1], [null, null]], element);
  new ResizeObserver(() => plot.setSize(size())).observe(element);
  return plot;
}

function inside(u, draw) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw();
  ctx.restore();
}

// Canvas pixels of a value: the same as valToPos(value, scale, true), without a call for each.
function along(u, scale) {
  const [low, high] = [u.scales[scale].min, u.scales[scale].max].map((v) => u.valToPos(v, scale, true));
  const { min, max } = u.scales[scale], slope = (high - low) / (max - min);
  return (value) => low + (value - min) * slope;
}

// Bins that are to be seen, one more at each side.
export function seen(u, x, scale) {
  return [Math.max(firstAbove(x, u.scales.x.min / scale) - 1, 0), Math.min(firstAbove(x, u.scales.x.max / scale) + 1, x.length)];
}

// Neighbouring bins for which something holds, as [first, behind the last]; missing bins end a run.
function* runs(x, from, to, holds) {
  for (let i = from; i < to; i += 1) {
    if (!holds(i)) continue;
    const begin = i;
    while (i + 1 < to && holds(i + 1) && !isGap(x, i + 1)) i += 1;
    yield [begin, i + 1];
  }
}

// Whether bins are missing before this one: it is much further away than the neighbours beyond.
function isGap(x, i) {
  const usual = Math.min(i > 1 ? x[i - 1] - x[i - 2] : Infinity, i + 1 < x.length ? x[i + 1] - x[i] : Infinity);
  return x[i] - x[i - 1] > 4 * usual;
}

// Where a bin ends on the side of another one: half way, or at itself where there is none.
function edges(x, scale, across) {
  const ends = (i, other) => other < 0 || other === x.length || isGap(x, Math.max(i, other));
  return (i, other) => across((ends(i, other) ? x[i] : (x[i] + x[other]) / 2) * scale);
}

// A curve, broken where it is not a number and where bins are missing; as steps where bins are wide.
export function curve(u, { x, scale }, values, style, { factor = 1, width = 1.25, alpha = 1, dash = [] } = {}) {
  const { ctx } = u, across = along(u, "x"), up = along(u, "y"), [from, to] = seen(u, x, scale);
  const isWide = (across(x[to - 1] * scale) - across(x[from] * scale)) / (to - from) > 5 * devicePixelRatio;
  const edge = edges(x, scale, across);
  Object.assign(ctx, { strokeStyle: style, lineWidth: width * devicePixelRatio, globalAlpha: alpha, lineJoin: "round" });
  ctx.setLineDash(dash);
  ctx.beginPath();
  for (const [begin, end] of runs(x, from, to, (i) => Number.isFinite(values[i]))) {
    ctx.moveTo(isWide ? edge(begin, begin - 1) : across(x[begin] * scale), up(factor * values[begin]));
    for (let i = begin; i < end; i += 1) {
      const y = up(factor * values[i]);
      if (isWide) ctx.lineTo(edge(i, i - 1), y);
      ctx.lineTo(isWide ? edge(i, i + 1) : across(x[i] * scale), y);
    }
  }
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

// What lies within one error of the flux.
export function band(u, { x, scale }, { flux, sigma }, style, factor = 1) {
  const { ctx } = u, across = along(u, "x"), up = along(u, "y"), [from, to] = seen(u, x, scale);
  Object.assign(ctx, { fillStyle: style, globalAlpha: 0.22 });
  for (const [begin, end] of runs(x, from, to, (i) => Number.isFinite(flux[i] + sigma[i]))) {
    ctx.beginPath();
    for (let i = begin; i < end; i += 1) ctx.lineTo(across(x[i] * scale), up(factor * (flux[i] + sigma[i])));
    for (let i = end - 1; i >= begin; i -= 1) ctx.lineTo(across(x[i] * scale), up(factor * (flux[i] - sigma[i])));
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

// Bins that are not to be used.
export function shade(u, { x, scale, bad }) {
  const { ctx, bbox } = u, across = along(u, "x"), [from, to] = seen(u, x, scale);
  const edge = edges(x, scale, across);
  Object.assign(ctx, { fillStyle: colour("soft"), globalAlpha: 0.16 });
  for (const [begin, end] of runs(x, from, to, (i) => bad[i])) {
    const left = edge(begin, begin - 1);
    ctx.fillRect(left, bbox.top, Math.max(edge(end - 1, end) - left, devicePixelRatio), bbox.height);
  }
  ctx.globalAlpha = 1;
}

export function level(u, value, style) {
  const { ctx, bbox } = u, y = along(u, "y")(value);
  Object.assign(ctx, { strokeStyle: style, lineWidth: devicePixelRatio });
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
}

// Lines at their places, named where there is room: the major ones first, those seen in absorption at the bottom.
// Gives where the names are, in CSS pixels of the panel: they can be taken hold of.
export function lines(u, marks, isNamed = true) {
  const { ctx, bbox } = u, across = along(u, "x"), ratio = devicePixelRatio, taken = { top: [], bottom: [] }, names = [];
  ctx.font = `${SMALL * ratio}px "Inter Variable", system-ui, sans-serif`;
  ctx.lineWidth = ratio;
  for (const mark of [...marks].sort((a, b) => b.is_major - a.is_major)) {
    const x = across(mark.at), side = mark.as === "absorption" ? "bottom" : "top";
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const hasRoom = isNamed && x > bbox.left + SMALL * ratio && taken[side].every((other) => Math.abs(other - x) > (SMALL + 2) * ratio);
    const length = hasRoom ? ctx.measureText(mark.name).width + 8 * ratio : 0, style = colour(LINE_COLOURS[mark.as]);
    const top = bbox.top + (side === "top" ? length : 0), bottom = bbox.top + bbox.height - (side === "bottom" ? length : 0);
    // A line without a name is a notch in the edge.
    const isNotch = isNamed && !hasRoom, notch = 10 * ratio;
    Object.assign(ctx, { strokeStyle: style, fillStyle: style, globalAlpha: isNamed ? 0.6 : 0.3 });
    ctx.setLineDash(mark.as === "emission" ? [] : [4 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, isNotch && side === "bottom" ? bottom - notch : top);
    ctx.lineTo(x, isNotch && side === "top" ? top + notch : bottom);
    ctx.stroke();
    if (!hasRoom) continue;
    taken[side].push(x);
    written(ctx, mark.name, x, side === "top" ? top - 4 * ratio : bottom + 4 * ratio, side);
    const begin = (side === "top" ? bbox.top : bottom) - bbox.top;
    if (mark.as !== "sky") names.push({ mark, left: (x - bbox.left) / ratio, top: begin / ratio, bottom: (begin + length) / ratio });
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  return names;
}

// A name that is read from below, with an edge that keeps it apart from the curves.
function written(ctx, name, x, y, side) {
  ctx.save();
  ctx.globalAlpha = 1;
  ctx.translate(x, y);
  ctx.rotate(-Math.PI / 2);
  ctx.setLineDash([]);
  Object.assign(ctx, { textAlign: side === "top" ? "left" : "right", textBaseline: "middle", strokeStyle: colour("card"), lineWidth: 4 * devicePixelRatio, lineJoin: "round" });
  ctx.strokeText(name, 0, 0);
  ctx.fillText(name, 0, 0);
  ctx.restore();
}
