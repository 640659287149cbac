"""The pages in a real browser, on a desk and on a phone, light and dark: nothing cut or covered, all legible."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from huggingface_hub import CommitOperationAdd as Add
from huggingface_hub import HfApi
from playwright.sync_api import Browser, Page

from factory.local_hub import LocalHub
from tests.browser import SIZES, browser

__all__ = ["browser"]
LONG = "0123456789abcdef" * 4
CARD = """---
license: apache-2.0
model-index:
- name: m
  results:
  - dataset: {name: world-ar (factory/demo-benchmark-ar), type: b}
    task: {type: text-generation}
    metrics: [{type: acc, value: 100.0}, {type: acc, value: 41.14}]
---
# عنوان

Read the [paper](https://example.org) in `code`.

- made of [data](data)

![Scores](scores.svg)

```bash
vllm serve LONG LONG
```

| a | b | c |
| --- | --- | --- |
| LONG | LONG | LONG |
""".replace("LONG", LONG)
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 200"><text x="9" y="20">words</text></svg>'
AXE = {"runOnly": ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "label", "image-alt"]}


@pytest.fixture(scope="module")
def places(hub: LocalHub) -> dict[str, str]:
    """Addresses by what is shown there, of a model and of a dataset that have some of everything."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    api, repo = HfApi(endpoint=hub.endpoint, token=hub.token), f"tester/looks{uuid.uuid4().hex[:8]}"
    turns = [{"role": "user", "content": "سؤال طويل " * 90}, {"role": "assistant", "content": "words " * 300}]
    table = pa.table({"chat": [turns], **{f"a_long_name_{n}": ["some text, not short, " * 3] for n in range(8)}})
    pq.write_table(table, rows := io.BytesIO())
    for kind, files in (("model", {}), ("dataset", {"data/train.parquet": rows.getvalue()})):
        api.create_repo(repo, repo_type=kind)
        files |= {"README.md": CARD.encode(), "scores.svg": PICTURE, "a.txt": f"سطر\n{LONG * 5}\n".encode()}
        sent: dict[str, Any] = {"repo_id": repo, "repo_type": kind, "commit_message": "Publish: 1 row"}
        made = api.create_commit(
            operations=[Add(path, data) for path, data in files.items()],
            commit_description=f"Factory-Fingerprint: {LONG}",
            **sent,
        )
    for title, status in (("Does it answer?", "closed"), ("هل يجيب؟", "open")):
        thread = api.create_discussion(repo, title, description=f"**So** [here](/x): `{LONG}`\n\n```\n{LONG}\n```")
        if status == "closed":
            api.change_discussion_status(repo, thread.num, status)
    data = f"/datasets/{repo}"
    return {
        "home": "/",
        "list": "/datasets",
        "card": f"/{repo}",
        "rows": f"{data}/viewer",
        "side by side": f"{data}/side-by-side",
        "files": f"{data}/tree/main",
        "file": f"{data}/blob/main/a.txt",
        "history": f"{data}/commits/main",
        "commit": f"{data}/commit/{made.oid}",
        "discussions": f"/{repo}/discussions",
        "discussion": f"/{repo}/discussions/1",
        "sign-in": "/login",
        "nothing": "/nobody/nothing",
    }


@pytest.fixture(scope="module", params=["light", "dark"])
def page(browser: Browser, hub: LocalHub, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(base_url=hub.endpoint, color_scheme=request.param)
    yield context.new_page()
    context.close()


# Over all that is written: beyond the window where nothing scrolls there, or hidden by a button on top of it.
CUT = """() => {
  const scrolls = one => one && (/auto|scroll/.test(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
  const wide = document.documentElement.clientWidth, found = [];
  if (document.documentElement.scrollWidth > wide) found.push("the page scrolls sideways");
  for (const one of document.querySelectorAll("body *")) {
    const said = [...one.childNodes].filter(node => node.nodeType === 3).map(node => node.textContent.trim()).join("");
    if (said && one.getBoundingClientRect().right > wide + 1 && !scrolls(one)) found.push(said);
  }
  for (const button of document.querySelectorAll(".copy")) {
    const top = button.getBoundingClientRect(), block = button.previousElementSibling.getBoundingClientRect();
    if (top.bottom > block.top && top.left < block.right && top.top < block.bottom) found.push("a button over code");
  }
  for (const one of document.querySelectorAll(".tabs a"))
    if (one.getBoundingClientRect().right > wide) found.push(one.textContent);
  return found;
}"""


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_or_covered(page: Page, places: dict[str, str], size: str) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    for name, path in places.items():
        page.goto(path)
        assert (name, page.evaluate(CUT)) == (name, [])


def test_all_is_legible_and_reached_by_keyboard(page: Page, places: dict[str, str]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for name, path in places.items():
        page.goto(path)
        found = Axe().run(page, options=AXE).response["violations"]
        assert (name, [(one["id"], one["nodes"][0]["target"]) for one in found]) == (name, [])


def test_a_score_stays_in_one_line_and_a_picture_readable(page: Page, places: dict[str, str]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(places["card"])
    heights = page.locator(".scores .value").evaluate_all(
        "all => all.map(one => { const range = document.createRange(); range.selectNodeContents(one);"
        " return range.getClientRects().length; })"
    )
    assert heights == [1, 1]
    picture = page.locator(".card img").bounding_box()
    assert picture and picture["width"] >= 600
