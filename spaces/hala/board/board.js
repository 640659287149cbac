// The leaderboard in the page: controls above, the plot, and the table, of which only the rows near the view are made.

const CHUNK = 30, SETTLED = 150; // rows made at once; milliseconds without a change before the plot is drawn anew
const root = element.querySelector(".board");

let tables = [], state = readState();
const open = new Set();
let shown = [], items = [], made = 0, waiting, submission;

const tableNow = () => tables.find((table) => table.name === state.table) ?? tables[0];
const every = (fact) =>
  [...new Set(tableNow().sections.flatMap(({ rows }) => rows.map((row) => row[fact])))].filter(Boolean).sort();

const select = (key, label, options) => {
  const control = make("select", { "data-key": key });
  for (const [value, text] of options) control.append(make("option", { value, selected: value === state[key] }, text));
  return make("label", {}, make("span", {}, label), control);
};

const controls = () => {
  const form = make("form", { class: "controls", role: "search", "aria-label": say("filters") });
  form.addEventListener("submit", (event) => event.preventDefault());
  if (tables.length > 1)
    form.append(select("table", say("benchmark"), tables.map(({ name }) => [name, name === "all benchmarks" ? say("all_benchmarks") : name])));
  const search = make("input", { type: "search", "data-key": "q", value: state.q, placeholder: say("search"), maxlength: 200 });
  form.append(make("label", {}, make("span", {}, say("model")), search));
  const any = ["", say("any")];
  const sizes = Object.keys(SIZES).filter(Boolean).map((size) => [size, say(`size ${size}`)]);
  form.append(select("size", say("size"), [any, ...sizes]));
  form.append(select("kind", say("kind"), [any, ...every("kind").map((kind) => [kind, say(`kind ${kind}`)])]));
  form.append(select("license", say("license"), [any, ...every("license").map((license) => [license, license])]));
  form.append(select("origin", say("origin"), [any, ["measured", say("measured")], ["reported", say("reported")]]));
  const complete = make("input", { type: "checkbox", "data-key": "complete" });
  complete.checked = Boolean(state.complete);
  form.append(make("label", { class: "tick" }, complete, make("span", {}, say("complete"))));
  return form;
};

const actions = () => {
  const bar = make("div", { class: "copying" }, make("span", { class: "count", role: "status" }));
  for (const key of ["csv", "markdown", "share"]) bar.append(make("button", { type: "button", "data-copy": key }, say(key)));
  return bar;
};

const layout = () => {
  const wide = window.matchMedia("(min-width: 700px)").matches;
  const plot = root.querySelector("details.plot")?.open ?? wide;
  const box = make("div", { class: "box", tabindex: 0, role: "region", "aria-label": say("table") });
  const more = make("details", { class: "plot", open: plot }, make("summary", {}, say("plot")), make("div"));
  root.dir = language() === "ar" ? "rtl" : "ltr";
  if (submission?.lang !== language()) submission = Object.assign(submissionElement(), { lang: language() });
  root.setAttribute("aria-busy", String(tables === props.first));
  root.replaceChildren(controls(), actions(), more, box, submission);
  more.addEventListener("toggle", drawPlot);
  render();
};

const isFiltered = () => FILTERS.some((key) => state[key]);

const nothing = () => {
  const said = FILTERS.filter((key) => state[key]).map((key) => {
    const value = key === "complete" ? "" : key === "size" || key === "kind" ? say(`${key} ${state[key]}`) : say(state[key]);
    return [say(key === "q" ? "model" : key), value].filter(Boolean).join(": ");
  });
  const clear = make("button", { type: "button", class: "clear" }, say("clear"));
  return make("div", { class: "nothing" }, make("p", {}, say("nothing", { filters: said.join(", ") })), clear);
};

const render = () => {
  const table = tableNow();
  const columns = columnsOf(table, say);
  shown = chosen(table, state);
  items = shown.flatMap((section) => [{ section }, ...section.rows.map((row) => ({ section, row }))]);
  const rowsOf = (sections) => sections.reduce((sum, { rows, count }) => sum + (count ?? rows.length), 0);
  const count = rowsOf(shown), whole = rowsOf(table.sections);
  root.querySelector(".count").textContent = say("count", { count, whole });
  const box = root.querySelector(".box");
  made = 0;
  box.scrollTop = 0;
  if (items.length) {
    const body = make("tbody");
    const element = make("table", { "aria-rowcount": items.length + 1 }, make("caption", {}, say("caption")));
    element.append(headElement(columns, state, say), body);
    box.replaceChildren(element);
    grow();
  } else box.replaceChildren(nothing());
  clearTimeout(waiting);
  waiting = setTimeout(drawPlot, SETTLED);
};

const grow = () => {
  const body = root.querySelector(".box tbody");
  if (!body) return;
  const table = tableNow(), columns = columnsOf(table, say), piece = document.createDocumentFragment();
  for (const { section, row } of items.slice(made, made + CHUNK)) {
    if (!row) {
      piece.append(sectionElement(section, columns, say));
      continue;
    }
    const tr = rowElement(row, section, table, columns, say, open.has(row));
    tr.item = { row, section };
    piece.append(tr);
    if (open.has(row)) piece.append(moreElement(row, section, columns, say));
  }
  made += CHUNK;
  body.append(piece);
};

const drawPlot = () => {
  const box = root.querySelector("details.plot");
  if (!box.open) return;
  const column = plotted(columnsOf(tableNow(), say), state);
  const picture = column && scatter(shown, column, say);
  box.lastElementChild.replaceChildren(picture ?? make("p", {}, say("no_sizes")));
  box.querySelector("summary").textContent = column ? `${say("plot")}: ${column.head}` : say("plot");
};

const change = (changes) => {
  state = { ...state, ...changes };
  writeState(state);
  "table" in changes ? layout() : render();
};

const unfold = (button) => {
  const tr = button.closest("tr"), { row, section } = tr.item;
  const opened = !open.has(row);
  opened ? open.add(row) : open.delete(row);
  button.setAttribute("aria-expanded", opened);
  opened ? tr.after(moreElement(row, section, columnsOf(tableNow(), say), say)) : tr.nextElementSibling.remove();
};

const copy = async (button) => {
  const key = button.dataset.copy;
  const text = { csv: () => asCsv(tableNow(), shown), markdown: () => asMarkdown(tableNow(), shown), share: () => location.href }[key]();
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = say("copied");
  } catch {
    button.textContent = say("not_copied"); // a page without rights to the clipboard
  }
  setTimeout(() => (button.textContent = say(key)), 1500);
};

root.addEventListener("input", ({ target }) => {
  const key = target.dataset.key;
  if (key) change({ [key]: target.type === "checkbox" ? (target.checked ? "1" : "") : target.value, ...(key === "table" ? { sort: "rank", down: "" } : {}) });
});
root.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  if (button.dataset.copy) copy(button);
  else if (button.classList.contains("unfold")) unfold(button);
  else if (button.classList.contains("clear")) {
    state = { ...state, ...Object.fromEntries(FILTERS.map((key) => [key, ""])) };
    writeState(state);
    layout();
  } else if (button.dataset.sort) {
    const key = button.dataset.sort;
    const best = key.startsWith("score:") || key === "average";
    const up = columnsOf(tableNow(), say).find((column) => column.key === key)?.up !== false;
    const down = state.sort === key ? (state.down ? "" : "1") : best && up ? "1" : "";
    change({ sort: key, down });
    root.querySelector(`[data-sort="${CSS.escape(key)}"]`)?.focus();
  }
});
root.addEventListener("scroll", ({ target }) => {
  const near = target.scrollTop + target.clientHeight > target.scrollHeight - 600;
  if (target.classList.contains("box") && near && made < items.length) grow();
}, true);
window.addEventListener("popstate", () => { state = readState(); layout(); });
new MutationObserver(() => tables.length && layout()).observe(document.documentElement, { attributeFilter: ["lang"] });

// The first rows came with the page; those that a filter or another order asks for come with all the others.
if (Object.keys(PLAIN).every((key) => key === "table" || state[key] === PLAIN[key])) {
  tables = props.first;
  layout();
}
server.tables(null).then((text) => {
  tables = JSON.parse(text);
  layout();
});
