// A button that copies beside each block of code; pages are whole without it.
for (const block of document.querySelectorAll("pre:not(.source, .diff)")) {
  const box = document.createElement("div"), button = document.createElement("button");
  box.className = "copied";
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    const text = block.textContent.trimEnd();
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {  // browsers keep the clipboard from plain http of other machines
      getSelection().selectAllChildren(block);
      button.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  block.replaceWith(box);
  box.append(block, button);
}

// What scrolls is reached from the keyboard too.
for (const one of document.querySelectorAll("pre, .scroll, .card table, .card p:has(> img), .data .text, .sides .said")) {
  if (one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight) one.tabIndex = 0;
}
