"""The Space's leaderboard beside gradio's Dataframe in a headless Chromium: 2,000 models, 12 benchmarks.

    python benchmarks/space/board.py

Seconds from asking for the page to the first rows on the screen, and from a key or a click to the screen that shows
what it changed (two frames later), medians of several pages each; and the processor seconds of the whole browser for
the same, which hardly depend on what else the machine does. Both tables hold the same rows; ours shows intervals
and opens on its tab, the Dataframe is a page of its own with gradio's search and sort.
"""

from __future__ import annotations

import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import measure  # noqa: E402

from factory.evaluate.ranking import Cell, Column, Row, Section, Table, as_json  # noqa: E402
from factory.publishing.bundle import bundle  # noqa: E402

MODELS, BENCHMARKS, PAGES = 2000, 12, 3
ASKED = {"first paint": 1.5, "filter": 0.2, "sort": 0.2}
KINDS = ["base", "tuned", "merged", "quantized"]
OURS = """
import sys; sys.path.insert(0, '.')
import gradio as gr
from config import load
from tabs import leaderboard
with gr.Blocks(analytics_enabled=False) as page:
    leaderboard.build(load(), gr.Radio(['en', 'ar'], visible=False))
page.launch(server_port={port})
"""
THEIRS = """
import json
import gradio as gr
table = json.load(open('rows.json'))
with gr.Blocks(analytics_enabled=False) as page:
    gr.Dataframe(table['rows'], headers=table['headers'], interactive=False, show_search='filter', pinned_columns=2)
page.launch(server_port={port})
"""
# After what `act` does, when does the screen show it? Two frames after the page says so.
SHOWN = """
async ([act, ready]) => {
  const started = performance.now();
  eval(act);
  while (!eval(ready)) await new Promise(requestAnimationFrame);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return (performance.now() - started) / 1000;
}
"""
OUR_FILTER = """const box = document.querySelector('.board input[type=search]'); box.value = 'lab7/';
    box.dispatchEvent(new Event('input', {bubbles: true}))"""
OUR_WHOLE = """new Promise((done) => {
  const look = () => document.querySelector('.board[aria-busy=false]') ? done() : setTimeout(look, 20);
  look();
})"""
OUR_ROWS = "document.querySelector('.board tbody th[scope=row]')"
THEIR_FILTER = """const box = document.querySelector('.search-input'); box.value = 'lab7/';
    box.dispatchEvent(new Event('input', {bubbles: true}))"""
THEIR_NAMES = (
    "[...document.querySelectorAll('.cell-wrap span.text')].filter((one) => /^lab[0-9]+/.test(one.innerText))"
)
THEIR_MENU = "[...document.querySelectorAll('th[data-heading=\"4\"] .cell-menu-button')].at(-1).click()"
THEIR_SORT = "[...document.querySelectorAll('[role=menuitem]')].find((one) => /^Sort asc/.test(one.innerText)).click()"


def table() -> Table:
    """Random scores with intervals; one model in ten lacks a benchmark."""
    draw = random.Random(0)
    columns = tuple(Column(f"benchmark {i}", "accuracy", averaged=True) for i in range(BENCHMARKS))
    rows = []
    for number in range(MODELS):
        values = {column.name: draw.uniform(20, 90) for column in columns}
        if number % 10 == 0:
            del values[draw.choice(list(values))]
        cells = {name: Cell(round(v, 2), round(v - 2, 2), round(v + 2, 2), 500) for name, v in values.items()}
        facts: dict[str, Any] = {"kind": draw.choice(KINDS), "license": "apache-2.0", "date": "2026-01-01"}
        rows.append(Row(f"lab{number % 40}/model-{number}", cells, parameters=draw.randrange(10**8, 10**11), **facts))
    return Table("many", columns, (Section("Measured here", "measured", tuple(rows)),))


def lay_ours(folder: Path, whole: Table) -> None:
    app = ROOT / "spaces" / "hala"
    files = {path.relative_to(app).as_posix(): path.read_bytes() for path in app.rglob("*") if path.is_file()}
    language = {"source": "en", "target": "ar"}
    config = {"title": "many", "description": "", "language": language, "languages": {}, "models": []}
    files["space.json"] = json.dumps({**config, "board": [as_json(whole)]}).encode()
    for name, content in (files | bundle(files)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def lay_theirs(folder: Path, whole: Table) -> None:
    headers = ["rank", "model", "size", "kind", "average", *(column.name for column in whole.columns)]
    rows = []
    for row in as_json(whole)["sections"][0]["rows"]:
        mean = (row["average"] or {}).get("value")
        scores = [row["cells"].get(column.name, {}).get("value") for column in whole.columns]
        rows.append([row["rank"], row["model"], row["parameters"], row["kind"], mean, *scores])
    (folder / "rows.json").write_text(json.dumps({"headers": headers, "rows": rows}))


@contextmanager
def served(folder: Path, code: str, port: int) -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-c", code.format(port=port)], cwd=folder, stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(240):
            if process.poll() is not None:
                raise SystemExit(f"the app of {folder} ended")
            try:
                urlopen(address, timeout=5).read()
                break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait()


def processor_seconds() -> float:
    """Of all processes of the browser so far."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "chrom" in process.name():
                total += sum(process.cpu_times()[:2])
    return total


def timed(
    browser: Browser, address: str, first: str, before_sort: str, sorting: str, filtering: str, filtered: str
) -> dict[str, float]:
    """Seconds on one page: first paint of rows, a sort, a filter. `first` is the first model's element.

    Whatever opens a menu before the sort, or waits for all rows, is not counted.
    """
    page: Page = browser.new_page(viewport={"width": 1366, "height": 900})
    started, used = time.monotonic(), processor_seconds()
    page.goto(address, wait_until="commit")
    page.wait_for_function(first)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found = {"first paint": time.monotonic() - started, "first paint, processor": processor_seconds() - used}
    page.wait_for_timeout(500)
    name = page.evaluate(f"({first}).innerText")
    page.evaluate(before_sort)
    page.wait_for_timeout(500)
    used = processor_seconds()
    found["sort"] = page.evaluate(SHOWN, [sorting, f"({first})?.innerText !== {json.dumps(name)}"])
    found["sort, processor"] = processor_seconds() - used
    page.wait_for_timeout(500)
    used = processor_seconds()
    found["filter"] = page.evaluate(SHOWN, [filtering, filtered])
    found["filter, processor"] = processor_seconds() - used
    page.close()
    return found


def main() -> None:
    whole = table()
    setups = {
        "ours": (
            lay_ours,
            OURS,
            OUR_ROWS,
            OUR_WHOLE,
            "document.querySelector('[data-sort=\"score:benchmark 3\"]').click()",
            OUR_FILTER,
            "document.querySelector('.board .count').innerText.startsWith('50 of')",
        ),
        "gradio Dataframe": (
            lay_theirs,
            THEIRS,
            f"{THEIR_NAMES}[0]",
            THEIR_MENU,
            THEIR_SORT,
            THEIR_FILTER,
            f"{THEIR_NAMES}.length && {THEIR_NAMES}.every((one) => one.innerText.startsWith('lab7/'))",
        ),
    }
    times: dict[str, list[dict[str, float]]] = {name: [] for name in setups}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as place:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for number, (name, (lay, code, *how)) in enumerate(setups.items()):
            folder = Path(place) / str(number)
            folder.mkdir()
            lay(folder, whole)
            with served(folder, code, 7931 + number) as address:
                timed(browser, address, *how)  # the first page of a server is slower than any other
                times[name] = [timed(browser, address, *how) for _ in range(PAGES)]
        browser.close()
    medians = {
        name: {what: round(statistics.median(page[what] for page in pages), 4) for what in pages[0]}
        for name, pages in times.items()
    }
    measure.save(
        "space_board", {"models": MODELS, "benchmarks": BENCHMARKS, "asked": ASKED, "median seconds": medians}
    )
    draw(medians)
    print(json.dumps(medians, indent=2))


def draw(medians: dict[str, dict[str, float]]) -> None:
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "board"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3))
    for number, (name, found) in enumerate(medians.items()):
        places = [i + 0.36 * number for i in range(len(ASKED))]
        bars = axes.barh(places, [found[what] for what in ASKED], height=0.34, label=name)
        axes.bar_label(bars, fmt="%.3f s", padding=3, fontsize=8)
    for place, limit in enumerate(ASKED.values()):
        axes.plot([limit, limit], [place - 0.2, place + 0.56], color="black", linewidth=1)
    axes.set(yticks=[i + 0.18 for i in range(len(ASKED))], yticklabels=list(ASKED), xlabel="seconds (line: asked for)")
    axes.margins(x=0.15)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(measure.RESULTS / "space_board.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
