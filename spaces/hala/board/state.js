// What the visitor wants to see, in the address and out of it: which rows that leaves, and in which order.

const SIZES = { "": [0, Infinity], "-1": [0, 1e9], "1-3": [1e9, 3e9], "3-10": [3e9, 10e9], "10-": [10e9, Infinity] };
const PLAIN = { table: "", q: "", size: "", kind: "", license: "", origin: "", complete: "", sort: "rank", down: "" };
const FILTERS = ["q", "size", "kind", "license", "origin", "complete"];

const readState = () => {
  const asked = new URLSearchParams(location.search);
  const state = Object.fromEntries(Object.entries(PLAIN).map(([key, value]) => [key, asked.get(key) ?? value]));
  return state.size in SIZES ? state : { ...state, size: "" };
};

// Other parts of the address stay. A Space is shown in a frame: the Hub puts what it is told into its own address.
const writeState = (state) => {
  const query = new URLSearchParams(location.search);
  for (const key in PLAIN) state[key] === PLAIN[key] ? query.delete(key) : query.set(key, state[key]);
  query.set("tab", "leaderboard");
  history.replaceState(history.state, "", `?${query}${location.hash}`);
  if (window.parent !== window) window.parent.postMessage({ queryString: `${query}` }, "https://huggingface.co");
};

const isComplete = (row) => row.missing.length === 0;

const isTaken = (state) => {
  const [least, most] = SIZES[state.size];
  const part = state.q.trim().toLowerCase();
  return (row) =>
    (!part || row.model.toLowerCase().includes(part)) &&
    (!state.size || (row.parameters >= least && row.parameters < most)) &&
    (!state.kind || row.kind === state.kind) &&
    (!state.license || row.license === state.license) &&
    (!state.complete || isComplete(row));
};

// What a column sorts by: a number, or a text; nothing where the row has none.
const sortKey = (row, column) =>
  ({ rank: row.rank, model: row.model.toLowerCase(), size: row.parameters, average: row.average?.value }[column] ??
  (column.startsWith("score:") ? row.cells[column.slice(6)]?.value : column in PLAIN_FACTS ? row[column] : undefined));
const PLAIN_FACTS = { kind: 1, license: 1, base: 1, date: 1, revision: 1 };

const compare = (one, other) => (typeof one === "number" ? one - other : one < other ? -1 : one > other ? 1 : 0);

// Rows without a value come last, whichever way the column is sorted; equal ones stay in the order of their ranks.
const sorted = (rows, column, down) => {
  const keyed = rows.map((row) => [sortKey(row, column), row]);
  const there = keyed.filter(([key]) => key !== undefined && key !== null && key !== "");
  const lacking = keyed.filter(([key]) => key === undefined || key === null || key === "");
  there.sort(([one], [other]) => (down ? compare(other, one) : compare(one, other)));
  return [...there, ...lacking].map(([, row]) => row);
};

const chosen = (table, state) =>
  table.sections
    .filter((section) => !state.origin || section.origin === state.origin)
    .map((section) => ({ ...section, rows: sorted(section.rows.filter(isTaken(state)), state.sort, state.down) }))
    .filter((section) => section.rows.length);
