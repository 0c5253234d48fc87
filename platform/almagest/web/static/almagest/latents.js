// The map of a latent space: a plane of it, its colours, and a lasso that becomes a filter of the list.
import { isInside, read, simplified, written } from "./latents_lasso.js";
import { drawAxes, drawLasso, drawPoints, drawRing, painted, ROOM, scales, sized } from "./latents_plot.js";

const NEAR = 14, MOST_CORNERS = 60, PATIENCE = 120;
const shown = (v) => (v === null ? "–" : String(Number(v.toPrecision(4))));

class Map2d {
  constructor(root) {
    this.root = root;
    const find = (name) => root.querySelector(`[data-${name}]`);
    [this.plane, this.area, this.tip, this.legend, this.told, this.result] = ["plane", "canvas", "tip", "legend", "told", "result"].map(find);
    this.lasso = read(find("lasso").dataset.lasso);
    for (const each of root.querySelectorAll("[data-scripted]")) each.hidden = false;
    this.listen();
    this.load();
  }

  // What the address says: the filters of the list, and the plane.
  query(more = {}) {
    const kept = new URLSearchParams([...new FormData(this.plane)].filter(([name]) => name !== "drag"));
    for (const [name, value] of Object.entries(more)) kept.set(name, value);
    return kept;
  }

  async load() {
    const asked = (this.asked = String(this.query()));
    try {
      const answer = await fetch(`${this.root.dataset.points}?${asked}`);
      if (!answer.ok) throw new Error(answer.status);
      const data = await answer.json();
      if (asked === this.asked) this.take(data);
    } catch {
      if (asked === this.asked) this.told.textContent = "The points could not be loaded; reload the page to try again.";
    }
  }

  take(data) {
    this.data = data;
    [this.at, this.pinned] = [null, false];
    this.hide();
    this.range = this.most();
    this.write();
    this.draw();
    this.tell();
    this.root.dataset.drawn = "yes";
  }

  span(values, share) {
    const sorted = [...values].sort((a, b) => a - b), end = (s) => sorted[Math.round(s * (sorted.length - 1))] ?? 0;
    const [low, high] = [end(share), end(1 - share)], room = 0.05 * (high - low) || 1;
    return [low - room, high + room];
  }

  all() {
    return { x: this.span(this.data.x, 0), y: this.span(this.data.y, 0) };
  }

  // All, unless a few lie so far out that nobody would see the others.
  most() {
    const [all, core] = [this.all(), { x: this.span(this.data.x, 0.005), y: this.span(this.data.y, 0.005) }];
    const wide = (axis) => all[axis][1] - all[axis][0] > 4 * (core[axis][1] - core[axis][0]);
    return { x: wide("x") ? core.x : all.x, y: wide("y") ? core.y : all.y };
  }

  draw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      if (!this.data) return;
      const [below, above] = [...this.area.querySelectorAll("canvas")].map(sized);
      this.paint = painted(this.data);
      this.to = scales(this.range, below.width, below.height);
      drawAxes(below, this.range, this.to, this.data.axes.map((axis) => axis.title));
      drawPoints(below, this.data, this.paint.colours, this.to);
      this.above = above;
      this.drawAbove();
      this.showLegend();
      this.tellOutside();
    });
  }

  drawAbove() {
    const { context, width, height } = this.above;
    context.clearRect(0, 0, width, height);
    context.save();
    context.beginPath();
    context.rect(ROOM.left, ROOM.top, this.to.w, this.to.h);
    context.clip();
    drawLasso(this.above, this.line ?? this.lasso?.map(([x, y]) => [this.to.x(x), this.to.y(y)]), !this.line);
    context.restore();
    if (this.at !== null) drawRing(this.above, this.to.x(this.data.x[this.at]), this.to.y(this.data.y[this.at]));
  }

  showLegend() {
    const { key, hues, low, high } = this.paint, { name, unit } = this.data.colour, bits = [document.createElement("b")];
    bits[0].textContent = unit ? `${name} [${unit}]` : name;
    if (hues) {
      const bar = Object.assign(document.createElement("i"), { className: "ramp" });
      bar.style.background = `linear-gradient(to right, ${hues.filter((_, i) => i % 7 === 0).join(", ")})`;
      bits.push(shown(low), bar, shown(high));
    } else {
      for (const each of key) {
        const mark = Object.assign(document.createElement("span"), { textContent: each.name });
        mark.style.setProperty("--hue", each.hue);
        bits.push(mark);
      }
    }
    this.legend.replaceChildren(...bits);
    this.legend.hidden = false;
  }

  tellOutside() {
    const { x, y, is_whole: isWhole } = this.data, [[x0, x1], [y0, y1]] = [this.range.x, this.range.y];
    const out = x.filter((v, i) => v < x0 || v > x1 || y[i] < y0 || y[i] > y1).length;
    const part = isWhole ? "" : `Drawn are ${x.length.toLocaleString("en")}: the best, and a random part of the others. `;
    this.told.textContent = part + (out ? `${out.toLocaleString("en")} lie outside of what is shown; All shows them.` : x.length ? "" : "No candidate to show.");
  }

  // The address, and the form of ranges, say what is shown.
  write() {
    this.data.axes.forEach(({ text, title }, i) => {
      const letter = "xy"[i], ranges = this.root.querySelector("[data-ranges]");
      this.plane.elements[`latent_${letter}`].value = text;
      ranges.elements[`latent_${letter}`].value = text;
      ranges.querySelector(`[data-title=${letter}]`).textContent = title;
    });
    history.replaceState(null, "", `?${this.query(this.lasso ? { lasso: written(this.lasso) } : {})}`);
  }

  // What the lasso holds, and the ways to it.
  tell() {
    if (!this.lasso) {
      this.result.textContent = "Draw around points on the map: those inside become a list, with its filters, files and verdicts.";
      return;
    }
    const { x, y, is_whole: isWhole } = this.data;
    const inside = x.filter((v, i) => isInside(this.lasso, v, y[i])).length;
    const asked = this.query({ lasso: written(this.lasso) });
    asked.delete("colour");
    const link = (address, textContent) => Object.assign(document.createElement("a"), { href: `${address}?${asked}#rows`, className: "button", textContent });
    const { list, gallery } = this.root.dataset, links = [link(list, "Show as a list"), ...(gallery ? [" ", link(gallery, "As a gallery")] : [])];
    const clear = Object.assign(document.createElement("button"), { type: "button", textContent: "Clear" });
    clear.addEventListener("click", () => this.setLasso(null));
    const count = Object.assign(document.createElement("b"), { textContent: inside.toLocaleString("en") });
    this.result.replaceChildren(count, ` candidate${inside === 1 ? "" : "s"}${isWhole ? "" : " of those drawn"} inside. `, document.createElement("br"), ...links, " ", clear);
  }

  setLasso(corners) {
    this.lasso = corners;
    this.line = null;
    this.write();
    this.drawAbove();
    this.tell();
  }

  listen() {
    this.plane.addEventListener("change", (event) => event.target.name !== "drag" && this.change(event.target.name));
    this.plane.addEventListener("submit", (event) => event.preventDefault());
    for (const button of this.plane.querySelectorAll("[data-do]")) button.addEventListener("click", () => this.look(button.dataset.do));
    this.area.addEventListener("pointerdown", (event) => this.press(event));
    this.area.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.area.addEventListener(name, (event) => this.release(event));
    // A finger leaves when it is lifted; what it has tapped stays.
    this.area.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && !this.drag && this.hide());
    this.area.addEventListener("wheel", (event) => this.turn(event), { passive: false });
    this.area.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(this.area);
    new MutationObserver(() => this.draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  // A lasso is of one plane.
  change(name) {
    if (name.startsWith("latent_")) this.lasso = null;
    this.load();
  }

  get mode() {
    return this.plane.elements.drag.value;
  }

  look(what) {
    if (!this.data) return;
    if (what === "all" || what === "most") this.range = what === "all" ? this.all() : { x: this.span(this.data.x, 0.005), y: this.span(this.data.y, 0.005) };
    else this.zoom(what === "in" ? 0.7 : 1 / 0.7);
    this.draw();
  }

  zoom(factor, x = (this.range.x[0] + this.range.x[1]) / 2, y = (this.range.y[0] + this.range.y[1]) / 2) {
    const around = ([low, high], middle) => [middle + (low - middle) * factor, middle + (high - middle) * factor];
    this.range = { x: around(this.range.x, x), y: around(this.range.y, y) };
  }

  turn(event) {
    if (!this.data || event.target.closest("[data-tip]")) return;
    event.preventDefault();
    const [px, py] = this.pixel(event);
    this.zoom(event.deltaY < 0 ? 0.85 : 1 / 0.85, this.to.atX(px), this.to.atY(py));
    this.hide();
    this.draw();
  }

  pixel(event) {
    const { left, top } = this.area.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  press(event) {
    if (!this.data || event.button || event.target.closest("[data-tip]")) return;
    this.area.setPointerCapture(event.pointerId);
    this.drag = { from: this.pixel(event), range: this.range, moves: this.mode === "move" || event.shiftKey, isFar: false };
  }

  move(event) {
    if (!this.data || event.target.closest("[data-tip]")) return;
    const [px, py] = this.pixel(event);
    if (!this.drag) return this.point(px, py);
    const [dx, dy] = [px - this.drag.from[0], py - this.drag.from[1]];
    if (!this.drag.isFar && Math.hypot(dx, dy) < 5) return;
    if (!this.drag.isFar) this.hide();
    this.drag.isFar = true;
    if (this.drag.moves) this.pan(dx, dy);
    else this.line = [...(this.line ?? [this.drag.from]), [px, py]];
    if (this.line) this.drawAbove();
  }

  pan(dx, dy) {
    const { x, y } = this.drag.range, [sx, sy] = [((x[1] - x[0]) * dx) / this.to.w, ((y[1] - y[0]) * dy) / this.to.h];
    this.range = { x: x.map((v) => v - sx), y: y.map((v) => v + sy) };
    this.draw();
  }

  release(event) {
    const drag = this.drag;
    this.drag = null;
    if (!drag || event.type === "pointercancel") {
      this.line = null;
      if (this.above) this.drawAbove();
      return;
    }
    if (this.line) return this.close();
    if (drag.isFar) return;
    this.point(...this.pixel(event));
    // A finger cannot point: its first tap shows the card, which has the link.
    if (this.at !== null && event.pointerType === "mouse") this.open();
  }

  close() {
    const corners = simplified(this.line, MOST_CORNERS);
    if (corners.length < 3) return this.setLasso(null);
    this.setLasso(read(written(corners.map(([px, py]) => [this.to.atX(px), this.to.atY(py)]))));
  }

  open() {
    const { survey, surveys, name } = this.data, path = name[this.at].split("/").map(encodeURIComponent).join("/");
    location.href = this.root.dataset.object.replace("/survey/", () => `/${encodeURIComponent(surveys[survey[this.at]])}/`).replace("/source_id/", () => `/${path}/`);
  }

  // The nearest point to a pixel, when one is near.
  point(px, py) {
    const { x, y } = this.data;
    let [best, least] = [null, NEAR * NEAR];
    for (let i = 0; i < x.length; i++) {
      const far = (this.to.x(x[i]) - px) ** 2 + (this.to.y(y[i]) - py) ** 2;
      if (far < least) [best, least] = [i, far];
    }
    if (best === null) this.hide();
    else if (best !== this.at) this.show(best);
  }

  hide() {
    clearTimeout(this.timer);
    [this.at, this.tip.hidden] = [null, true];
    if (this.above) this.drawAbove();
  }

  show(at) {
    this.at = at;
    this.drawAbove();
    const { name, value, colour, classes, id } = this.data, said = classes ? (classes[value[at]] ?? "–") : shown(value[at]);
    const title = Object.assign(document.createElement("b"), { textContent: name[at] });
    this.tip.replaceChildren(title, document.createElement("br"), `${colour.name} ${said}`);
    this.place();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fill(at, id[at]), PATIENCE);
  }

  async fill(at, id) {
    const answer = await fetch(this.root.dataset.card.replace("/0/", `/${id}/`)).catch(() => null);
    if (!answer?.ok || this.at !== at) return;
    // Our own page's words: the server has escaped what is not.
    this.tip.innerHTML = await answer.text();
    this.place();
  }

  // Beside the point, on the side with more room.
  place() {
    this.tip.hidden = false;
    const [px, py] = [this.to.x(this.data.x[this.at]), this.to.y(this.data.y[this.at])];
    const { clientWidth: width, clientHeight: height } = this.area, { offsetWidth: w, offsetHeight: h } = this.tip;
    const left = px < width / 2 ? px + 12 : px - w - 12;
    Object.assign(this.tip.style, { left: `${Math.max(0, Math.min(left, width - w))}px`, top: `${Math.max(0, Math.min(py - h / 2, height - h))}px` });
  }

  key(event) {
    if (!this.data?.x.length || event.target !== this.area) return;
    const last = this.data.x.length - 1, step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) this.show(Math.min(last, Math.max(0, (this.at ?? (step > 0 ? -1 : last + 1)) + step)));
    else if (event.key === "Enter" && this.at !== null) this.open();
    else if (event.key === "Escape") this.setLasso(null), this.hide();
    else if (event.key === "+" || event.key === "-") this.look(event.key === "+" ? "in" : "out");
    else return;
    event.preventDefault();
  }
}

for (const root of document.querySelectorAll("[data-latents]")) root.map = new Map2d(root);
