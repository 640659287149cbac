// What the page does in the browser: its direction, its theme, and the direction of each piece of a text.
const space = {
  speak(language) {
    document.documentElement.lang = language;
    document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
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
  // Paragraphs, lists and tables are read in the direction of their own letters.
  direct(root) {
    for (const piece of root.querySelectorAll(".prose :is(p, ul, ol, table, blockquote, h1, h2, h3, h4, h5, h6):not([dir])"))
      piece.dir = "auto";
  },
};
new MutationObserver(() => space.direct(document)).observe(document, { childList: true, subtree: true });
