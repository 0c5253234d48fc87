// Draws the plots of a page when the reader comes to them, from numbers that are asked for then. Colours are the page's, in its light and dark.
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "pentagon", "triangle-down", "hourglass"];
const CONFIG = {
  responsive: true, displaylogo: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
};
const hasNoPointer = matchMedia("(hover: none)");
const isNarrow = matchMedia("(max-width: 640px)");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const category = (i) => colour(`k${i % SYMBOLS.length}`);
// Plotly reads tags in every text that it shows.
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const radians = (degrees) => degrees * Math.PI / 180;
const degrees = (radians) => radians * 180 / Math.PI;
const clamped = (z) => Math.max(-1, Math.min(1, z));

function objectAddress(pattern, survey, sourceId) {
  const name = sourceId.split("/").map(encodeURIComponent).join("/");
  return pattern.replace("/survey/", () => `/${encodeURIComponent(survey)}/`).replace("/source_id/", () => `/${name}/`);
}

function axis(label, more = {}) {
  return {
    title: { text: plain(label) }, gridcolor: colour("line"), zeroline: false, linecolor: colour("soft"), ticks: "outside",
    tickcolor: colour("line"), automargin: true, ...more,
  };
}

function layout(x, y, more = {}) {
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 10, r: 12, t: 10, b: 10 },
    font: { family: '"Inter Variable", system-ui, sans-serif', size: 12.5, color: colour("soft") },
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink") }, align: "left" },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("soft"), activecolor: colour("accent") },
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, traceorder: "normal", itemsizing: "constant", font: { color: colour("ink") } }, showlegend: true,
    dragmode: hasNoPointer.matches ? false : "zoom", hovermode: "closest", uirevision: "kept", xaxis: x, yaxis: y, ...more,
  };
}

// The range of nearly all values: one odd colour of -6 mag would squeeze all others. A double click shows everything.
function mostOf(values, isReversed) {
  const sorted = values.filter((v) => v !== null).sort((a, b) => a - b);
  if (!sorted.length) return {};
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const [low, high] = [at(0.002), at(0.998)], room = 0.06 * (high - low || 1);
  return { range: isReversed ? [high + room, low - room] : [low - room, high + room] };
}

// The many below the few, so that none is hidden; the key keeps its order.
const manyFirst = (traces) => traces.map((trace, i) => ({ ...trace, legendrank: 1000 + i, uid: String(i) }))
  .sort((a, b) => b.x.length - a.x.length);

function points(name, number, xy, texts, addresses, { symbol = 0, among }) {
  return {
    type: "scatter", mode: "markers", name: plain(name), ...xy, hovertext: texts, hoverinfo: "text", customdata: addresses,
    marker: { color: category(number), symbol: SYMBOLS[symbol % SYMBOLS.length], size: among > 2000 ? 4.5 : 6, opacity: 0.75, line: { width: 0 } },
  };
}

function scatter(figure, choice) {
  const view = figure.views[choice], x = figure.columns[view.x], y = figure.columns[view.y];
  const known = figure.label.map((_, i) => i).filter((i) => x[i] !== null && y[i] !== null);
  const traces = figure.labels.map((label, k) => {
    const mine = known.filter((i) => figure.label[i] === label);
    const text = (i) => `${plain(figure.survey[i])} ${plain(figure.source_id[i])}<br>${plain(label)}<br>` +
      `${plain(view.x_label)}: ${x[i]}<br>${plain(view.y_label)}: ${y[i]}`;
    const address = (i) => objectAddress(figure.address, figure.survey[i], figure.source_id[i]);
    const xy = { x: mine.map((i) => x[i]), y: mine.map((i) => y[i]) };
    return points(label, figure.colours[k], xy, mine.map(text), mine.map(address), { symbol: figure.colours[k], among: known.length });
  });
  const revision = { uirevision: choice };
  const right = axis(view.x_label, { ...revision, ...mostOf(x, false) });
  return [manyFirst(traces), layout(right, axis(view.y_label, { ...revision, ...mostOf(y, view.is_reversed) }))];
}

function histogram(figure, isLogarithmic) {
  const { edges } = figure;
  const middle = edges.slice(1).map((edge, i) => (edge + edges[i]) / 2);
  const traces = Object.entries(figure.series).map(([survey, counts], k) => ({
    type: "bar", name: plain(survey), x: middle, y: counts, marker: { color: category(k), line: { width: 0 } }, hoverinfo: "text",
    hovertext: counts.map((n, i) => `${plain(survey)}<br>${edges[i]} to ${edges[i + 1]}: ${n.toLocaleString("en")}`), textposition: "none",
  }));
  const most = Math.max(1, ...Object.values(figure.series).flat());
  const logarithmic = { type: "log", dtick: 1, range: [Math.log10(0.7), 1.04 * Math.log10(most) + 0.1] };
  const y = axis(figure.y_label, { uirevision: isLogarithmic, ...(isLogarithmic ? logarithmic : { rangemode: "tozero" }) });
  return [traces, layout(axis(figure.x_label, { range: [0, 1] }), y, { barmode: isLogarithmic ? "group" : "stack", bargap: 0.08 })];
}

// Where to cut the sky open: not through a survey that lies across right ascension 0.
function cut(all) {
  const sorted = [...all].sort((a, b) => a - b);
  const around = sorted.length ? sorted[0] + 360 - sorted[sorted.length - 1] : 360;
  let [widest, from] = [Math.max(around, 60), 360];
  for (let i = 1; i < sorted.length; i += 1) {
    if (sorted[i] - sorted[i - 1] > widest) [widest, from] = [sorted[i] - sorted[i - 1], sorted[i]];
  }
  return (ra) => (ra >= from ? ra - 360 : ra);
}

// A circle on the sphere about a place.
function circle(ra, dec, radius) {
  const d = radians(dec), r = radians(radius), x = [], y = [];
  for (let turn = 0; turn <= 72; turn += 1) {
    const t = radians(5 * turn), sine = clamped(Math.sin(d) * Math.cos(r) + Math.cos(d) * Math.sin(r) * Math.cos(t));
    x.push(ra + degrees(Math.atan2(Math.sin(t) * Math.sin(r) * Math.cos(d), Math.cos(r) - Math.sin(d) * sine)));
    y.push(degrees(Math.asin(sine)));
  }
  return { x, y };
}

// The box about a HEALPix cell's centre that has its area and, with those of its ring, fills the ring: [width, low, high].
function box(order, dec) {
  const nside = 2 ** order, z = Math.sin(radians(dec)), north = Math.abs(z);
  if (north <= 2 / 3 + 1e-9) return [90 / nside, z - 1 / (3 * nside), z + 1 / (3 * nside)];
  const ring = Math.round(nside * Math.sqrt(3 * (1 - north)));
  const edge = (i) => Math.sign(z) * (1 - Math.max(i, 0) ** 2 / (3 * nside ** 2));
  return [90 / ring, edge(ring + 0.5), edge(ring - 0.5)];
}

function cellTraces(cells, turned) {
  const steps = 5, most = Math.max(...cells.count), bound = (k) => Math.round(most ** (k / steps));
  const traces = [];
  for (let k = 0; k < steps; k += 1) {
    const low = k ? bound(k) + 1 : 1, high = bound(k + 1), x = [], y = [];
    cells.count.forEach((count, i) => {
      if (count < low || count > high) return;
      const [width, from, to] = box(cells.order, cells.dec[i]), ra = turned(cells.ra[i]);
      const [south, north] = [degrees(Math.asin(clamped(from))), degrees(Math.asin(clamped(to)))];
      x.push(ra - width / 2, ra + width / 2, ra + width / 2, ra - width / 2, null);
      y.push(south, south, north, north, null);
    });
    const fill = `rgba(${colour("shade").split(" ").join(",")},${0.15 + 0.14 * k})`;
    if (x.length) {
      traces.push({ type: "scatter", mode: "lines", fill: "toself", x, y, fillcolor: fill, line: { width: 0, color: fill },
        name: low === high ? `${low} in a cell` : `${low}–${high} in a cell`, hoverinfo: "skip",
        showlegend: !isNarrow.matches || k === 0 || k === steps - 1 });
    }
  }
  const counts = cells.count.map((n) => `${n.toLocaleString("en")} objects in this cell`);
  // Nothing to see: what the pointer reads at the cells' centres.
  traces.push({ type: "scatter", mode: "none", x: cells.ra.map(turned), y: cells.dec, hovertext: counts, hoverinfo: "text", showlegend: false });
  return traces;
}

function landmarkTraces(landmarks, turned) {
  return landmarks.flatMap(({ name, ra, dec, radius_deg: radius, note }) => [
    { type: "scatter", mode: "lines", ...circle(turned(ra), dec, radius), line: { color: colour("accent"), width: 2 }, hoverinfo: "skip", showlegend: false },
    { type: "scatter", mode: "text", x: [turned(ra)], y: [dec + radius], text: [plain(name)], textposition: "top center", showlegend: false,
      hovertext: [`${plain(name)}: ${plain(note)}`], hoverinfo: "text", textfont: { color: colour("accent"), size: 13 } },
  ]);
}

// The ranges of right ascension and declination that hold everything, at all thresholds.
function whole({ ra, dec, cells, landmarks }, turned) {
  const circles = landmarks.map((mark) => circle(turned(mark.ra), mark.dec, mark.radius_deg));
  const all = {
    x: [ra, cells ? cells.ra : []].flat().map(turned).concat(...circles.map((c) => c.x)),
    y: [dec, cells ? cells.dec : []].flat().concat(...circles.map((c) => c.y)),
  };
  return [all.x, all.y].map((values) => {
    if (!values.length) return [0, 1];
    const low = values.reduce((a, b) => Math.min(a, b)), high = values.reduce((a, b) => Math.max(a, b));
    const room = Math.max(0.05 * (high - low), 0.5);
    return [low - room, high + room];
  });
}

function sky(figure, choice) {
  const least = figure.thresholds[choice], { cells, landmarks } = figure;
  const turned = cut([...figure.ra, ...(cells ? cells.ra : []), ...landmarks.map((mark) => mark.ra)]);
  const known = figure.score.map((_, i) => i).filter((i) => figure.score[i] >= least);
  const traces = figure.surveys.map((survey, k) => {
    const mine = known.filter((i) => figure.survey[i] === k);
    const text = (i) => `${plain(survey)} ${plain(figure.source_id[i])}<br>${plain(figure.rank_by)} ${figure.score[i].toFixed(3)}<br>` +
      `${figure.ra[i].toFixed(5)} ${figure.dec[i].toFixed(5)}`;
    const address = (i) => objectAddress(figure.address, survey, figure.source_id[i]);
    const xy = { x: mine.map((i) => turned(figure.ra[i])), y: mine.map((i) => figure.dec[i]) };
    return points(survey, k, xy, mine.map(text), mine.map(address), { among: known.length });
  });
  const all = [...(cells ? cellTraces(cells, turned) : []), ...manyFirst(traces), ...landmarkTraces(landmarks, turned)];
  const [east, north] = whole(figure, turned);
  const right = axis("right ascension [deg]", { range: [...east].reverse(), ticksuffix: "°" });
  return [all, layout(right, axis("declination [deg]", { range: north, ticksuffix: "°" }))];
}

// With a finger the first touch of a point tells what it is, the second opens its page; one touch may come as two clicks.
function openOnClick(canvas) {
  let last = { address: null, at: 0 };
  canvas.on("plotly_click", ({ points: [{ customdata: address }] }) => {
    if (!address) return;
    const isSecond = last.address === address && Date.now() - last.at > 350;
    if (!hasNoPointer.matches || isSecond) location.assign(address);
    else if (last.address !== address) last = { address, at: Date.now() };
  });
}

const KINDS = { scatter, histogram, sky };

// The library is large: it is loaded with the first figure that somebody comes to.
let library;
function loadLibrary() {
  library ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    Object.assign(script, { src: document.querySelector("meta[name=plotly]").content, onload: done, onerror: failed });
    document.head.append(script);
  });
  return library;
}

async function numbers(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return answer.json();
}

async function draw(element) {
  const [figure] = await Promise.all([numbers(element.dataset.source), loadLibrary()]);
  const canvas = element.querySelector(".canvas"), choice = element.querySelector(".choice");
  const control = choice.querySelector("select, input");
  const show = () => {
    const chosen = control.type === "checkbox" ? control.checked : Number(control.value);
    const config = { ...CONFIG, displayModeBar: isNarrow.matches ? false : "hover", toImageButtonOptions: { format: "svg", filename: element.dataset.figure } };
    return Plotly.react(canvas, ...KINDS[figure.kind](figure, chosen), config);
  };
  choice.hidden = false;
  control.addEventListener("change", show);
  await show();
  openOnClick(canvas);
  element.dataset.drawn = "yes";
  shown.push(show);
}

function apologise(element) {
  const note = document.createElement("p");
  Object.assign(note, { className: "note", textContent: "The picture could not be loaded; reload the page. Its numbers stand in the table below." });
  element.querySelector(".canvas").replaceChildren(note);
  element.dataset.drawn = "failed";
}

const shown = [];
const again = () => shown.forEach((show) => show());
new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);

// A figure is asked for shortly before it is seen, one at a time: between two of them the page answers.
let before = Promise.resolve();
const watcher = new IntersectionObserver((entries) => {
  for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
    watcher.unobserve(target);
    before = before.then(() => draw(target)).catch(() => apologise(target));
  }
}, { rootMargin: "50% 0px" });
document.querySelectorAll("[data-figure]").forEach((element) => watcher.observe(element));
