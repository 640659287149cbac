// The table's elements.

// The columns, each: key to sort by, heading, and what stands in a cell.
const columnsOf = (table, say) => [
  { key: "rank", head: say("rank"), numeric: true, cell: (row) => row.rank ?? "–" },
  { key: "model", head: say("model"), row: true },
  { key: "size", head: say("size"), numeric: true, cell: sizeText },
  { key: "kind", head: say("kind"), cell: (row) => (row.kind ? say(`kind ${row.kind}`) : "") },
  { key: "license", head: say("license"), code: true, cell: (row) => row.license ?? "" },
  ...(table.columns.some((column) => column.averaged)
    ? [{ key: "average", head: say("average"), numeric: true, score: (row) => row.average, mean: true }]
    : []),
  ...table.columns.map((column) => ({
    key: `score:${column.name}`, head: column.name, title: column.metric, numeric: true,
    up: column.higher_is_better, score: (row) => row.cells[column.name],
  })),
  { key: "base", head: say("base"), code: true, cell: (row) => row.base ?? "" },
  { key: "date", head: say("date"), code: true, cell: (row) => row.date ?? "" },
  { key: "revision", head: say("revision"), code: true, cell: (row) => (row.revision ?? "").slice(0, 12) },
];

const scoreCell = (column, row, section, table, say) => {
  const cell = column.score(row);
  const td = make("td", { class: column.mean ? "number mean" : "number" });
  if (!cell) {
    const lacking = table.columns.filter((one) => one.averaged && !(one.name in row.cells));
    td.append("–");
    if (column.mean) td.append(make("small", {}, say("lacking", { n: lacking.length })));
    return td;
  }
  td.append(make("span", { title: cell.n && `n = ${cell.n}` }, number(cell.value, section)));
  if (cell.low !== undefined) td.append(make("small", {}, interval(cell, section)));
  if (column.mean && row.printed) td.append(make("small", { class: "warning" }, say("printed", { value: row.printed })));
  return td;
};

const hasMore = (row) => row.missing.length > 0 || Object.values(row.cells).some((cell) => cell.parts);

const nameCell = (row, open, say) => {
  const th = make("th", { scope: "row" });
  const name = make("span", { class: "name" }, named(row.model, row.link));
  if (hasMore(row)) {
    const label = `${say("subtasks")}: ${row.model}`;
    name.prepend(make("button", { class: "unfold", type: "button", "aria-expanded": open, "aria-label": label }, "▸"));
  }
  th.append(name);
  return th;
};

const rowElement = (row, section, table, columns, say, open) => {
  const tr = make("tr");
  for (const column of columns)
    tr.append(
      column.row ? nameCell(row, open, say)
      : column.score ? scoreCell(column, row, section, table, say)
      : make("td", { class: column.numeric ? "number" : column.code ? "code" : undefined }, String(column.cell(row))),
    );
  return tr;
};

// What unfolds below a row: the subtasks of each benchmark, and what is missing.
const moreElement = (row, section, columns, say) => {
  const box = make("div", { class: "more" });
  if (row.missing.length) box.append(make("p", {}, `${say("missing")}: `, make("bdi", {}, row.missing.join(", "))));
  for (const [name, cell] of Object.entries(row.cells)) {
    if (!cell.parts) continue;
    const list = make("dl");
    for (const [part, value] of Object.entries(cell.parts))
      list.append(make("div", {}, make("dt", {}, make("bdi", {}, part)), make("dd", {}, number(value, section))));
    box.append(make("section", {}, make("h4", {}, make("bdi", {}, name)), list));
  }
  return make("tr", { class: "unfolded" }, make("td", { colspan: columns.length }, box));
};

const sectionElement = (section, columns, say) => {
  const source = address(section.source);
  const title = section.origin === "measured" ? section.title.replace("Measured here", say("measured_here")) : section.title;
  const text = source ? named(title, source) : make("bdi", {}, title);
  const mark = make("span", { class: `origin ${section.origin}` }, say(section.origin));
  const head = make("th", { scope: "rowgroup", colspan: columns.length }, make("span", { class: "pinned" }, mark, text));
  return make("tr", { class: "section" }, head);
};

const headElement = (columns, state, say) => {
  const tr = make("tr");
  for (const column of columns) {
    const active = state.sort === column.key;
    const sort = active ? (state.down ? "descending" : "ascending") : undefined;
    const arrow = make("span", { class: "arrow", "aria-hidden": "true" }, active ? (state.down ? "▼" : "▲") : "");
    const button = make("button", { type: "button", "data-sort": column.key, title: column.title || undefined });
    button.append(make("bdi", {}, column.head), arrow);
    tr.append(make("th", { scope: "col", "aria-sort": sort, class: column.numeric ? "number" : undefined }, button));
  }
  return make("thead", {}, tr);
};
