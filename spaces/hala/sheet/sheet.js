// A rating sheet in the page: one row at a time, yes or no to each question, every answer kept as it is given.

const root = element.querySelector(".sheet");
const KEYS = { y: "yes", 1: "yes", ن: "yes", غ: "yes", n: "no", 0: "no", ل: "no", ى: "no" }; // غ ى: Arabic letters on Y and N
const NAME = "space-rater"; // where the browser keeps the visitor's name

let sheet, said = {}, place = 0, asked = 0, rater = "";
let turn = Promise.resolve(); // what is asked of the server about answers, one after the other
try { rater = localStorage.getItem(NAME) ?? ""; } catch {} // a page without storage

const row = () => sheet.rows[place];
const answers = (one = row()) => said[one.id]?.answers ?? {};
const isRated = (one) => sheet.questions.every((question) => answers(one)[question]);
const ask = async (what, values = {}) => {
  const found = await server[what]({ sheet: sheet?.name, rater, language: language(), ...values });
  if (found.refused) throw found.refused;
  return found.value;
};
const tell = (text) => (root.querySelector(".told").textContent = text);
const button = (key, attributes = {}) => make("button", { type: "button", "data-do": key, ...attributes }, say(key));

const controls = () => {
  const form = make("form", { class: "controls" });
  form.addEventListener("submit", (event) => event.preventDefault());
  if (props.sheets.length > 1) {
    const choice = make("select", { "data-key": "sheet" });
    for (const name of props.sheets) choice.append(make("option", { value: name, selected: name === sheet.name }, name));
    form.append(make("label", {}, make("span", {}, say("dataset")), choice));
  }
  const name = make("input", { type: "text", "data-key": "rater", value: rater, maxlength: props.longest.name, autocomplete: "name", dir: "auto" });
  form.append(make("label", {}, make("span", {}, say("rater")), name), make("span", { class: "done" }), button("download"));
  return form;
};

const textElement = (name, index) => {
  const shown = make("section", { class: "text" }, make("h4", {}, make("bdi", {}, name)));
  const pictures = row().pictures[name] ?? [];
  pictures.forEach(() => shown.append(make("img", { alt: row().cells[index], "data-column": name })));
  if (!pictures.length) shown.append(make("p", { dir: "auto" }, row().cells[index]));
  return shown;
};

const rowElement = () => {
  const paired = sheet.pairs.flat();
  const texts = sheet.columns.map((name, index) => [name, textElement(name, index)]);
  const of = Object.fromEntries(texts);
  const single = texts.filter(([name, { children }]) => !paired.includes(name) && children[1].textContent + children[1].alt !== "");
  return make(
    "div", { class: "texts" },
    ...single.filter(([name]) => row().pictures[name]).map(([, text]) => text),
    ...sheet.pairs.map((pair) => make("div", { class: "pair" }, ...pair.map((name) => of[name]))),
    ...single.filter(([name]) => !row().pictures[name]).map(([, text]) => text),
  );
};

const questionElement = (question) => {
  const key = `question ${question}`;
  const text = key in props.words ? say(key) : make("bdi", {}, `${question}?`);
  const group = make("fieldset", { class: "question" }, make("legend", {}, text));
  for (const answer of ["yes", "no"]) group.append(button(answer, { "data-question": question, class: answer }));
  return group;
};

// The row's elements, and in them what changes with the answers: made once for a row, so that no click finds them gone.
const draw = () => {
  const comment = make("textarea", { "data-key": "comment", rows: 2, maxlength: props.longest.comment, dir: "auto" });
  root.querySelector(".card").replaceChildren(
    make("h3", {}, say("row", { number: place + 1, rows: sheet.rows.length })),
    rowElement(),
    make("div", { class: "questions" }, ...sheet.questions.map(questionElement)),
    make("label", { class: "comment" }, make("span", {}, say("comment")), comment),
    make("div", { class: "turning" }, ...["previous", "next", "open"].map((key) => button(key))),
  );
  mark();
  if (Object.keys(row().pictures).length) showPictures(row());
};

const mark = () => {
  const rows = sheet.rows.length, done = sheet.rows.filter(isRated).length, card = root.querySelector(".card");
  root.querySelector(".done").textContent = say("done", { done, rows });
  card.querySelector("h3").classList.toggle("rated", isRated(row()));
  card.querySelectorAll(".question").forEach((group, number) => group.classList.toggle("asked", number === asked));
  for (const one of card.querySelectorAll("[data-question]"))
    one.setAttribute("aria-pressed", String(answers()[one.dataset.question] === one.dataset.do));
  const comment = card.querySelector("textarea");
  if (comment !== document.activeElement) comment.value = said[row().id]?.comment ?? "";
  const off = { previous: !place, next: place + 1 === rows, open: done === rows };
  for (const key in off) card.querySelector(`[data-do=${key}]`).disabled = off[key];
};

const showPictures = async (one) => {
  const found = await ask("pictures", { row: one.id });
  if (one !== row()) return; // the visitor has gone on
  for (const [column, pictures] of Object.entries(found))
    root.querySelectorAll(`img[data-column="${CSS.escape(column)}"]`).forEach((image, number) => (image.src = pictures[number]));
};

const layout = () => {
  root.dir = language() === "ar" ? "rtl" : "ltr";
  root.removeAttribute("aria-busy");
  root.replaceChildren(
    make("p", { class: "about" }, say("about"), " ", make("span", { class: "keys" }, say("keys"))),
    controls(),
    make("p", { class: "told", role: "status" }),
    make("article", { class: "card" }),
  );
  draw();
};

const go = (to) => {
  place = to;
  asked = Math.max(0, sheet.questions.findIndex((question) => !answers()[question]));
  draw();
};

const unrated = () => {
  const after = [...sheet.rows.keys()].map((number) => (place + number) % sheet.rows.length);
  return after.find((number) => !isRated(sheet.rows[number]));
};

const keep = (changes) => {
  const one = row(), who = { sheet: sheet.name, rater };
  turn = turn.then(async () => {
    const before = said[one.id];
    said = { ...said, [one.id]: { answers: {}, comment: "", ...before, ...changes(before?.answers ?? {}) } };
    mark();
    try {
      await ask("rate", { ...who, row: one.id, ...said[one.id] });
      tell(sheet.rows.every(isRated) ? say("finished") : say("saved"));
    } catch (refused) {
      said = { ...said, [one.id]: before };
      mark();
      tell(typeof refused === "string" ? refused : say("lost"));
    }
  });
};

const answer = (question, choice) => {
  if (!rater) {
    tell(say("no_rater"));
    return root.querySelector("[data-key=rater]").focus();
  }
  keep(({ [question]: before, ...others }) => ({ answers: before === choice ? others : { ...others, [question]: choice } }));
};

// What this rater has said before; where the server does not tell, the next answer meets the same fault and says so.
const remember = () => (turn = turn.then(async () => (said = rater ? await ask("said").catch(() => ({})) : {})));

const begin = async (name) => {
  await turn;
  sheet = JSON.parse(await ask("rows", { sheet: name }));
  await remember();
  place = 0;
  layout();
  go(unrated() ?? 0);
};

const ACTIONS = {
  previous: () => place && go(place - 1),
  next: () => place + 1 < sheet.rows.length && go(place + 1),
  open: () => go(unrated() ?? place),
  download: async () => space.save(await ask("csv"), `${sheet.name}-${rater}.csv`),
};

root.addEventListener("click", async ({ target }) => {
  const { do: key, question } = target.closest("button")?.dataset ?? {};
  if (!key) return;
  if (question) {
    asked = sheet.questions.indexOf(question);
    return answer(question, key);
  }
  try {
    await ACTIONS[key]();
  } catch (refused) {
    tell(typeof refused === "string" ? refused : say("lost"));
  }
  root.querySelector(`[data-do=${key}]`)?.focus();
});
root.addEventListener("change", ({ target }) => {
  const { key } = target.dataset;
  if (key === "sheet") begin(target.value);
  if (key === "comment") rater ? keep(() => ({ comment: target.value })) : tell(say("no_rater"));
  if (key === "rater") {
    rater = target.value.trim();
    try { localStorage.setItem(NAME, rater); } catch {}
    remember().then(mark);
  }
});
document.addEventListener("keydown", (event) => {
  const writing = event.target.closest("input, textarea, select");
  if (!sheet || !root.isConnected || !root.offsetParent || writing || event.ctrlKey || event.altKey || event.metaKey) return;
  const choice = KEYS[event.key.toLowerCase()];
  const forwards = root.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  if (choice && !event.repeat) {
    const question = sheet.questions[asked];
    if (answers()[question] !== choice) answer(question, choice);
    if (!rater) return event.preventDefault();
    if (asked + 1 < sheet.questions.length) asked += 1, mark();
    else ACTIONS.next();
  } else if (event.key === forwards) ACTIONS.next();
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") ACTIONS.previous();
  else return;
  event.preventDefault();
});
new MutationObserver(() => sheet && layout()).observe(document.documentElement, { attributeFilter: ["lang"] });

begin(props.sheets[0]);
