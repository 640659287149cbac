// A model of the Hub that the visitor wants to be measured; the server says at once what becomes of it.

const submissionElement = () => {
  const form = make("form", { class: "submission" });
  const name = make("input", { type: "text", placeholder: "owner/name", maxlength: props.longest, dir: "ltr", autocomplete: "off" });
  const button = make("button", { type: "submit" }, say("submit"));
  const told = make("p", { role: "status", dir: "auto" });
  form.append(make("label", {}, make("span", {}, say("submit_model")), name), button, told);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    told.textContent = "…";
    told.textContent = await server.submission({ model: name.value, language: language() }).catch(() => say("no_answer"));
    button.disabled = false;
  });
  return form;
};
