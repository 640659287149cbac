"""The embedded Hub's page of a dataset of 100,000 rows in headless Chromium: first paint, and a filter by a reason.

    python benchmarks/hub_pages.py

Medians of five fresh browser pages; the first page after the server's start is told apart. `first paint` is the
browser's own entry, of the card, the rows and the rows side by side; `filter` is from the click on a reason to the
paint of its rows. Asked for were 1 s and 0.3 s.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.request import urlopen

import measure
import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import Browser, sync_playwright

from factory.local_hub import LocalHub

ROWS, TIMES = 100_000, 5
WORDS = "الكتاب البيت المدرسة كبير صغير the house book school big small water fire"
ASKED = {"first paint": 1.0, "filter": 0.3}
PAGES = {"card": "", "rows": "/viewer", "side by side": "/side-by-side"}
REPO = "bench/rows"
CARD = """---
license: mit
configs:
- config_name: default
  data_files: [{split: train, path: data/*.parquet}]
---
# Rows

A hundred thousand pairs that were sorted out, each with its reason.
"""
CLICKED = """addEventListener("click", (click) => {
    sessionStorage.clicked = performance.timeOrigin + click.timeStamp;
}, true)"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def fill(folder: Path) -> None:
    """A Hub with the dataset."""
    from huggingface_hub import CommitOperationAdd, HfApi

    drawn = random.Random(0)
    reasons = ("script: {:.2f} < 0.5", "length_ratio: {:.2f} > 2", "repetition: {:.3f} > 0.3", "judge: reply: no")

    def texts() -> list[str]:
        return [" ".join(drawn.choices(WORDS.split(), k=30)) for _ in range(ROWS)]

    table = pa.table(
        {
            "instruction": texts(),
            "instruction_ar": texts(),
            "score_script": [drawn.random() for _ in range(ROWS)],
            "outcome": ["rejected"] * ROWS,
            "reason": [drawn.choice(reasons).format(drawn.random()) for _ in range(ROWS)],
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=1000)
    with LocalHub(folder) as hub:
        os.environ |= hub.environment()
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        api.create_repo(REPO, repo_type="dataset")
        files = {"README.md": CARD.encode(), "data/train-00000-of-00001.parquet": sink.getvalue()}
        operations = [CommitOperationAdd(path, content) for path, content in files.items()]
        api.create_commit(REPO, operations, commit_message="rows", repo_type="dataset")


def paint(browser: Browser, address: str) -> float:
    """Seconds to the first paint of a page."""
    page = browser.new_page(viewport={"width": 1366, "height": 900}, bypass_csp=True)
    page.goto(address)
    page.wait_for_function(f"{PAINT} !== undefined")
    seconds = page.evaluate(PAINT) / 1000
    page.close()
    return seconds


def filtered(browser: Browser, address: str) -> float:
    """Seconds from the click on a reason to the paint of its rows, by the browser's clock on both pages."""
    page = browser.new_page(viewport={"width": 1366, "height": 900}, bypass_csp=True)
    page.goto(address)
    page.evaluate(CLICKED)
    page.locator('nav[aria-label="Reasons"] a:not(.here)').first.click()
    page.wait_for_url("**reason=**", wait_until="commit")
    page.wait_for_function(f"{PAINT} !== undefined")
    milliseconds = page.evaluate(f"performance.timeOrigin + {PAINT} - Number(sessionStorage.clicked)")
    page.close()
    return milliseconds / 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder))
        command = [sys.executable, "-m", "factory", "hub", "--data", folder, "--port", "8797"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            origin = server.stdout.readline().split()[2]
            urlopen(origin).close()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                browser.new_page().close()
                base = f"{origin}/datasets/{REPO}"
                first = {name: paint(browser, base + path) for name, path in PAGES.items()}
                paints = {name: [paint(browser, base + path) for _ in range(TIMES)] for name, path in PAGES.items()}
                filters = [filtered(browser, base + PAGES["side by side"]) for _ in range(TIMES)]
                browser.close()
        finally:
            server.terminate()
            server.wait()
    found = {
        "rows": ROWS,
        "asked for": ASKED,
        "first paint after the start": {name: round(value, 3) for name, value in first.items()},
        "first paint": {name: round(statistics.median(values), 3) for name, values in paints.items()},
        "filter": round(statistics.median(filters), 3),
        "load average": [round(value, 1) for value in os.getloadavg()],
    }
    print(json.dumps(found, indent=2))
    measure.save("hub_pages", found)


if __name__ == "__main__":
    main()
