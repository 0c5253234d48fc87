// Draws points of a plane with their axes, in the page's colours.
const style = () => getComputedStyle(document.documentElement);
export const colour = (name) => style().getPropertyValue(`--${name}`).trim();
export const ROOM = { left: 56, right: 12, top: 10, bottom: 44 };
// From few to many: away from the paper, by lightness too.
const RAMPS = { light: [[227, 201, 160], [232, 146, 90], [200, 67, 107], [122, 35, 130], [42, 10, 94]],
                dark: [[74, 88, 140], [122, 79, 163], [212, 83, 126], [245, 151, 90], [255, 233, 138]] };
const STEPS = 64;

function ramp() {
  const stops = RAMPS[style().colorScheme.includes("dark") ? "dark" : "light"];
  return Array.from({ length: STEPS }, (_, i) => {
    const at = (i / (STEPS - 1)) * (stops.length - 1), k = Math.min(Math.floor(at), stops.length - 2);
    return `rgb(${stops[k].map((c, j) => Math.round(c + (at - k) * (stops[k + 1][j] - c))).join(" ")})`;
  });
}

// The values between which colours change: of nearly all of them.
export function limits(values) {
  const sorted = values.filter((v) => v !== null).sort((a, b) => a - b);
  return sorted.length ? [0.01, 0.99].map((share) => sorted[Math.round(share * (sorted.length - 1))]) : [0, 1];
}

// A colour for each point, and what a key needs to say.
export function painted({ value, classes }) {
  const unknown = colour("k6");
  if (classes) {
    const hues = classes.map((_, i) => colour(`k${i % 10}`));
    return { colours: value.map((v) => (v === null ? unknown : hues[v])), key: classes.map((name, i) => ({ name, hue: hues[i] })) };
  }
  const hues = ramp(), [low, high] = limits(value);
  const step = (v) => Math.min(STEPS - 1, Math.max(0, Math.floor(((v - low) / (high - low || 1)) * STEPS)));
  return { colours: value.map((v) => (v === null ? unknown : hues[step(v)])), hues, low, high };
}

// About so many round numbers in a range.
export function ticks(low, high, about) {
  const raw = (high - low) / about, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const first = Math.ceil(low / step), count = Math.floor(high / step) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => Number(((first + i) * step).toPrecision(6)));
}

// Between places of the plane and pixels.
export function scales({ x, y }, width, height) {
  const [w, h] = [width - ROOM.left - ROOM.right, height - ROOM.top - ROOM.bottom];
  return {
    x: (v) => ROOM.left + ((v - x[0]) / (x[1] - x[0])) * w, y: (v) => ROOM.top + (1 - (v - y[0]) / (y[1] - y[0])) * h,
    atX: (p) => x[0] + ((p - ROOM.left) / w) * (x[1] - x[0]), atY: (p) => y[0] + (1 - (p - ROOM.top) / h) * (y[1] - y[0]), w, h,
  };
}

export function sized(canvas) {
  const ratio = devicePixelRatio || 1, { clientWidth: width, clientHeight: height } = canvas;
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.font = '12px "Inter Variable", system-ui, sans-serif';
  return { context, width, height };
}

export function drawAxes({ context: c, width, height }, range, at, titles) {
  c.lineWidth = 1;
  c.strokeStyle = colour("line");
  c.fillStyle = colour("soft");
  c.textAlign = "center";
  c.textBaseline = "top";
  const bottom = height - ROOM.bottom;
  for (const tick of ticks(...range.x, Math.max(3, at.w / 110))) {
    c.strokeRect(Math.round(at.x(tick)) + 0.5, ROOM.top, 0, at.h);
    c.fillText(String(tick), at.x(tick), bottom + 6);
  }
  c.fillText(titles[0], ROOM.left + at.w / 2, bottom + 25, at.w);
  c.textAlign = "right";
  c.textBaseline = "middle";
  for (const tick of ticks(...range.y, Math.max(3, at.h / 70))) {
    c.strokeRect(ROOM.left, Math.round(at.y(tick)) + 0.5, at.w, 0);
    c.fillText(String(tick), ROOM.left - 6, at.y(tick));
  }
  c.save();
  c.translate(11, ROOM.top + at.h / 2);
  c.rotate(-Math.PI / 2);
  c.textAlign = "center";
  c.fillText(titles[1], 0, 0, at.h);
  c.restore();
}

// The worst first, so that the best lie upon them; of classes the many below the few, so that none is hidden.
function order({ value, classes }) {
  const worstFirst = value.map((_, i) => value.length - 1 - i);
  return classes ? worstFirst.sort((a, b) => (value[a] ?? -1) - (value[b] ?? -1)) : worstFirst;
}

export function drawPoints({ context: c }, data, colours, at) {
  const { x, y } = data;
  const size = x.length > 10000 ? 2.4 : x.length > 1500 ? 3.4 : 5;
  c.save();
  c.beginPath();
  c.rect(ROOM.left, ROOM.top, at.w, at.h);
  c.clip();
  c.globalAlpha = x.length > 1500 ? 0.75 : 0.9;
  for (const i of order(data)) {
    c.fillStyle = colours[i];
    c.beginPath();
    c.arc(at.x(x[i]), at.y(y[i]), size / 2 + 0.6, 0, 7);
    c.fill();
  }
  c.restore();
}

export function drawLasso({ context: c }, line, isClosed) {
  if (!line?.length) return;
  c.beginPath();
  line.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
  if (isClosed) c.closePath();
  c.fillStyle = `rgb(${colour("shade")} / .14)`;
  c.fill();
  c.strokeStyle = colour("accent");
  c.lineWidth = 1.75;
  c.stroke();
}

export function drawRing({ context: c }, x, y) {
  c.beginPath();
  c.arc(x, y, 7, 0, 7);
  c.strokeStyle = colour("ink");
  c.lineWidth = 1.75;
  c.stroke();
}
