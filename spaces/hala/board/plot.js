// Size against score, a point a model, with whiskers for the 95 % interval.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 720, HEIGHT = 320, LEFT = 48, RIGHT = 20, TOP = 14, BOTTOM = 40, LABELLED = 6;

const draw = (tag, attributes, text) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
};

// The score that the plot shows: the column that is sorted by, the average, or the first one.
const plotted = (columns, state) =>
  columns.find((column) => column.score && column.key === state.sort) ?? columns.find((column) => column.score);

const ticks = (low, high, most) => {
  const raw = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + 1e-9; tick += step) found.push(+tick.toFixed(6));
  return found;
};

const decades = (low, high) => {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
    for (const factor of [1, 2, 5]) if (factor * 10 ** power >= low && factor * 10 ** power <= high) found.push(factor * 10 ** power);
  return found;
};

const scatter = (sections, column, say) => {
  const points = sections.flatMap((section) =>
    section.rows
      .map((row) => ({ row, section, cell: column.score(row) }))
      .filter(({ row, cell }) => cell && row.parameters),
  );
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "scatter", direction: "ltr" });
  const title = say("plot_label", { score: column.head, n: points.length });
  svg.setAttribute("aria-label", title);
  if (!points.length) return null;
  const sizes = points.map(({ row }) => row.parameters);
  const scores = points.flatMap(({ cell }) => [cell.value, cell.low ?? cell.value, cell.high ?? cell.value]);
  const [least, most] = [Math.min(...sizes) / 1.25, Math.max(...sizes) * 1.25];
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const margin = (high - low) * 0.06 || 1;
  const x = (size) => LEFT + ((Math.log(size) - Math.log(least)) / (Math.log(most) - Math.log(least))) * (WIDTH - LEFT - RIGHT);
  const y = (score) => HEIGHT - BOTTOM - ((score - low + margin) / (high - low + 2 * margin)) * (HEIGHT - TOP - BOTTOM);
  for (const tick of ticks(low - margin, high + margin, 6)) {
    svg.append(draw("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick), class: "grid" }));
    svg.append(draw("text", { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" }, tick));
  }
  for (const tick of decades(least, most))
    svg.append(draw("text", { x: x(tick), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle" }, sizeText({ parameters: tick })));
  svg.append(draw("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, say("parameters")));
  const marks = draw("g", {});
  for (const { row, section, cell } of points) {
    const place = { cx: x(row.parameters), cy: y(cell.value) };
    if (cell.low !== undefined)
      marks.append(draw("line", { x1: place.cx, x2: place.cx, y1: y(cell.low), y2: y(cell.high), class: `whisker ${section.origin}` }));
    const point = draw("circle", { ...place, r: points.length > 300 ? 2.5 : 4.5, class: section.origin });
    point.append(draw("title", {}, `${row.model}: ${number(cell.value, section)} ${interval(cell, section)}, ${sizeText(row)}`));
    marks.append(point);
  }
  svg.append(marks);
  const taken = [];
  for (const { row, cell } of frontier(points, column).reverse().slice(0, LABELLED)) {
    const right = x(row.parameters) > WIDTH * 0.7;
    const name = row.model.split("/").at(-1);
    const text = name.length > 28 ? `${name.slice(0, 27)}…` : name;
    const place = { x: x(row.parameters) + (right ? -8 : 8), y: y(cell.value) - 6, "text-anchor": right ? "end" : "start" };
    const [from, to] = right ? [place.x - text.length * 6, place.x] : [place.x, place.x + text.length * 6];
    if (taken.some((other) => Math.abs(other.y - place.y) < 14 && from < other.to && to > other.from)) continue;
    taken.push({ y: place.y, from, to });
    svg.append(draw("text", { ...place, class: "label" }, text));
  }
  const origins = ["measured", "reported"].filter((origin) => sections.some((section) => section.origin === origin));
  origins.forEach((origin, number) => {
    svg.append(draw("circle", { cx: LEFT + 12, cy: TOP + 18 * number, r: 4.5, class: origin }));
    svg.append(draw("text", { x: LEFT + 22, y: TOP + 18 * number + 4 }, say(origin)));
  });
  return svg;
};

// The models that no smaller one reaches.
const frontier = (points, column) => {
  const better = (one, other) => (column.up === false ? one < other : one > other);
  const found = [];
  for (const point of [...points].sort((one, other) => one.row.parameters - other.row.parameters)) {
    const last = found.at(-1);
    if (last && !better(point.cell.value, last.cell.value)) continue;
    if (last && last.row.parameters === point.row.parameters) found.pop();
    found.push(point);
  }
  return found;
};
