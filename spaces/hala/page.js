// What the page does in the browser: its language and theme, files to keep, and what gradio leaves to be mended.
const space = {
  // Names of buttons to which gradio gives a picture alone.
  names: {
    ".submit-button": { en: "Send", ar: "إرسال" },
    ".stop-button": { en: "Stop", ar: "إيقاف" },
    "button:has(> .image-frame)": { en: "Picture", ar: "صورة" },
  },
  speak(language) {
    const arabic = language.startsWith("ar");
    document.documentElement.lang = arabic ? "ar" : "en";
    document.documentElement.dir = arabic ? "rtl" : "ltr";
    space.mend();
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
    for (const [buttons, name] of Object.entries(space.names))
      for (const button of document.querySelectorAll(buttons))
        button.setAttribute("aria-label", name[document.documentElement.lang]);
    // Roles that gradio gives without the parents or children that screen readers need with them.
    for (const list of document.querySelectorAll('.examples[role="list"]')) list.setAttribute("role", "group");
    for (const item of document.querySelectorAll('.thumbnail-wrapper[role="listitem"]')) item.removeAttribute("role");
    for (const header of document.querySelectorAll('.toast-header[role="button"]')) header.removeAttribute("role");
  },
};
space.speak(new URLSearchParams(location.search).get("lang") || navigator.language);
new MutationObserver(space.mend).observe(document, { childList: true, subtree: true });
