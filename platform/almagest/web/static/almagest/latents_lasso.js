// Polygons on a plane: what lies in one, and the same shape with fewer corners.

// Whether a ray to the right crosses the edges an odd number of times.
export function isInside(corners, x, y) {
  let inside = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [x1, y1] = corners[i], [x2, y2] = corners[j];
    if ((y1 > y) !== (y2 > y) && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
  }
  return inside;
}

function distance([x, y], [x1, y1], [x2, y2]) {
  const [dx, dy] = [x2 - x1, y2 - y1], length = dx * dx + dy * dy;
  const share = length ? Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / length)) : 0;
  return Math.hypot(x - x1 - share * dx, y - y1 - share * dy);
}

// Corners without which the line moves by no more than that (Douglas and Peucker) are left out.
function thinned(line, tolerance) {
  if (line.length < 3) return line;
  let [farthest, at] = [0, 0];
  for (let i = 1; i < line.length - 1; i++) {
    const far = distance(line[i], line[0], line[line.length - 1]);
    if (far > farthest) [farthest, at] = [far, i];
  }
  if (farthest <= tolerance) return [line[0], line[line.length - 1]];
  return [...thinned(line.slice(0, at + 1), tolerance).slice(0, -1), ...thinned(line.slice(at), tolerance)];
}

// A line drawn by hand, in pixels, as a polygon of at most so many corners.
export function simplified(line, most) {
  let corners = line;
  for (let tolerance = 1; corners.length > most || tolerance === 1; tolerance *= 1.5) corners = thinned(line, tolerance);
  return corners;
}

export const written = (corners) => corners.flat().map((v) => String(Number(v.toPrecision(4)))).join(",");

export function read(text) {
  const numbers = text ? text.split(",").map(Number) : [];
  return numbers.length > 5 ? Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i], numbers[2 * i + 1]]) : null;
}
