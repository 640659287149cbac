// What the page does in the browser: its language and theme, files to keep, and what gradio leaves to be mended.
const space = {
  speak(language) {
    const arabic = language.startsWith("ar");
    document.documentElement.lang = arabic ? "ar" : "en";
    document.documentElement.dir = arabic ? "rtl" : "ltr";
  },
  turn() {
    document.body.classList.toggle("dark");
  },
  save(text, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  },
  mend() {
    // Paragraphs, lists and tables are read in the direction of their own letters.
    const pieces = ":is(p, ul, ol, table, blockquote, h1, h2, h3, h4, h5, h6)";
    for (const piece of document.querySelectorAll(`.prose ${pieces}:not([dir])`)) piece.dir = "auto";
    // Roles that gradio gives without the parents, children or names that screen readers need with them.
    for (const list of document.querySelectorAll('.examples[role="list"]')) list.setAttribute("role", "group");
    for (const item of document.querySelectorAll('.thumbnail-wrapper[role="listitem"]')) item.removeAttribute("role");
    for (const header of document.querySelectorAll('.toast-header[role="button"]')) header.removeAttribute("role");
  },
};
space.speak(new URLSearchParams(location.search).get("lang") || navigator.language);
new MutationObserver(space.mend).observe(document, { childList: true, subtree: true });
