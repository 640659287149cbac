// What is drawn in the browser: elements, whose every text is set as text, so that none can be markup, and their words.

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
};

const address = (link) => (/^(https?:\/\/|\/(?!\/))/.test(link ?? "") ? link : undefined);

const named = (text, link) => {
  const target = address(link);
  return target
    ? make("a", { href: target, target: "_blank", rel: "noopener noreferrer", dir: "ltr" }, text)
    : make("bdi", {}, text);
};

const language = () => (document.documentElement.lang === "ar" ? "ar" : "en");

// A text of `props.words` with its places filled; of a key without one the key itself, less a first word (`kind other`).
const say = (key, values = {}) => {
  const text = props.words[key]?.[language()] ?? key.replace(/^kind /, "");
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
};
