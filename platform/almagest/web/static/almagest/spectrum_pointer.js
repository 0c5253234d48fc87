// What hands do to the panels: a box zooms, the wheel zooms about the cursor, shift and two fingers pan, names of lines are dragged.

// What uPlot listens to, as it is told before it begins.
export function binding(deeds) {
  const mousedown = (u, _, handler) => (event) => {
    if (event.button) return;
    const name = grasped(u, event, deeds);
    if (name) follow((now) => deeds.moveLine(name.mark, u.posToVal(now.clientX - u.over.getBoundingClientRect().left, "x")));
    else if (event.shiftKey) follow(panning(u, deeds));
    else handler(event);
  };
  return { mousedown, dblclick: () => () => deeds.showAll() };
}

// Everything else, once there is a panel.
export function listen(u, deeds) {
  u.over.addEventListener("mousemove", (event) => {
    u.over.style.cursor = grasped(u, event, deeds) ? "ew-resize" : "crosshair";
  });
  turnWheels(u, deeds);
  touch(u, deeds);
}

export function listenToKeys(element, deeds) {
  const keys = {
    ArrowLeft: () => deeds.pan(-0.2), ArrowRight: () => deeds.pan(0.2), "+": () => deeds.zoom(0.5), "=": () => deeds.zoom(0.5),
    "-": () => deeds.zoom(2), 0: () => deeds.showAll(), Home: () => deeds.showAll(),
  };
  element.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
}

// The name of a line under the mouse.
function grasped(u, event, deeds) {
  const box = u.over.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
  return deeds.names(u).find((name) => Math.abs(name.left - x) < 7 && y >= name.top && y <= name.bottom);
}

function follow(moved) {
  const done = new AbortController(), { signal } = done;
  addEventListener("mousemove", moved, { signal });
  addEventListener("mouseup", () => done.abort(), { signal });
}

function panning(u, deeds) {
  let last = null;
  return ({ clientX, clientY }) => {
    if (last) deeds.shift(u, (last[0] - clientX) / u.over.clientWidth, (clientY - last[1]) / u.over.clientHeight);
    last = [clientX, clientY];
  };
}

// A page that is being scrolled goes on when the panel comes under the mouse: only a wheel that begins to turn there zooms.
function turnWheels(u, deeds) {
  let elsewhere = -Infinity;
  addEventListener("wheel", (event) => {
    if (!u.over.contains(event.target) || event.timeStamp - elsewhere < 250) elsewhere = event.timeStamp;
  }, { capture: true, passive: true });
  u.over.addEventListener("wheel", (event) => {
    const isOutward = event.deltaY > 0, at = (event.clientX - u.over.getBoundingClientRect().left) / u.over.clientWidth;
    if (event.timeStamp === elsewhere || event.ctrlKey || (isOutward && deeds.isWhole())) return;
    event.preventDefault();
    if (event.shiftKey) deeds.pan(0.1 * Math.sign(event.deltaY || event.deltaX));
    else deeds.zoom(Math.exp(Math.max(-0.5, Math.min(0.5, event.deltaY * (event.deltaMode ? 0.05 : 0.002)))), at);
  }, { passive: false });
}

// One finger reads, two pan and zoom.
function touch(u, deeds) {
  let last = null;
  const two = ({ touches: [a, b] }) => ({ middle: (a.clientX + b.clientX) / 2, apart: Math.max(Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), 20) });
  const read = ({ touches: [a] }) => {
    const box = u.over.getBoundingClientRect();
    u.setCursor({ left: a.clientX - box.left, top: a.clientY - box.top });
  };
  const begin = (event) => {
    last = event.touches.length === 2 ? two(event) : null;
    if (event.touches.length === 1) read(event);
  };
  u.over.addEventListener("touchstart", begin, { passive: true });
  u.over.addEventListener("touchend", begin, { passive: true });
  u.over.addEventListener("touchmove", (event) => {
    if (event.touches.length === 1) read(event);
    if (event.touches.length !== 2 || !last) return;
    event.preventDefault();
    const now = two(event), box = u.over.getBoundingClientRect();
    deeds.shift(u, (last.middle - now.middle) / box.width, 0);
    deeds.zoom(last.apart / now.apart, (now.middle - box.left) / box.width);
    last = now;
  }, { passive: false });
}
