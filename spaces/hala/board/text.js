// Numbers and tables as text, for people, spreadsheets and Markdown.

const UNITS = [["B", 1e9], ["M", 1e6], ["K", 1e3], ["", 1]];

const sizeText = (row) => {
  if (!row.parameters) return "";
  const [unit, scale] = UNITS.find(([, scale]) => row.parameters >= scale);
  const number = row.parameters / scale;
  return (row.nominal ? "≈ " : "") + number.toFixed(number >= 100 || !unit ? 0 : 1).replace(/\.0$/, "") + unit;
};

const number = (value, section) => value.toFixed(section.decimals);
const interval = (cell, section) =>
  cell.low === undefined ? "" : `${number(cell.low, section)} to ${number(cell.high, section)}`;

const csvField = (value) => {
  if (typeof value !== "string") return value ?? "";
  const line = value.trim().replace(/\s+/g, " ");
  // A text that a spreadsheet would take for a formula is marked as text.
  const harmless = /^[=+\-@]/.test(line) ? `'${line}` : line;
  return /[",]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
};

const asCsv = (table, sections) => {
  const mean = table.columns.some((column) => column.averaged);
  const scores = table.columns.flatMap(({ name }) => [name, `${name} low`, `${name} high`, `${name} n`]);
  const means = mean ? ["average", "average low", "average high"] : [];
  const facts = ["parameters", "kind", "license", "base"];
  const stamps = ["date", "revision", "link"];
  const lines = [["origin", "source", "rank", "model", ...facts, ...means, ...scores, ...stamps]];
  for (const section of sections)
    for (const row of section.rows) {
      const cells = table.columns.map(({ name }) => row.cells[name] ?? {});
      lines.push([
        section.origin, section.title, row.rank, row.model, ...facts.map((fact) => row[fact]),
        ...(mean ? [row.average?.value, row.average?.low, row.average?.high] : []),
        ...cells.flatMap(({ value, low, high, n }) => [value, low, high, n]), ...stamps.map((stamp) => row[stamp]),
      ]);
    }
  return lines.map((line) => line.map(csvField).join(",") + "\n").join("");
};

const plain = (text) => String(text ?? "").trim().replace(/\s+/g, " ").replace(/[\\`*_{}[\]()#|<>~!$&]/g, "\\$&");
const markdownScore = (cell, section) =>
  !cell ? "–" : number(cell.value, section) + (cell.low === undefined ? "" : ` (${interval(cell, section)})`);

const asMarkdown = (table, sections) => {
  const mean = table.columns.some((column) => column.averaged);
  const heads = ["rank", "model", "size", "kind", "license", "base", ...(mean ? ["average"] : [])];
  const right = new Set(["rank", "size", "average", ...table.columns.map(({ name }) => name)]);
  const names = [...heads, ...table.columns.map(({ name }) => name)];
  const line = (cells) => `| ${cells.join(" | ")} |\n`;
  return sections
    .map((section) => {
      const rows = section.rows.map((row) =>
        line([
          row.rank ?? "", row.link ? `[${plain(row.model)}](${row.link})` : plain(row.model), sizeText(row),
          plain(row.kind), plain(row.license), plain(row.base), ...(mean ? [markdownScore(row.average, section)] : []),
          ...table.columns.map(({ name }) => markdownScore(row.cells[name], section)),
        ]),
      );
      const rule = line(names.map((name) => (right.has(name) ? "---:" : "---")));
      return `**${plain(section.title)}**\n\n${line(names.map(plain))}${rule}${rows.join("")}`;
    })
    .join("\n");
};
