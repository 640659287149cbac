"""Makes the pictures of the README anew, from what really runs: `python docs/_site/pictures.py STORE`.

STORE is the store in which recipes/demo.yaml was published (`make demo`: .factory). The pictures land in
docs/pictures/: a model's page of the embedded Hub, the Space's chat and leaderboard, and a plan in a terminal.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from rich.console import Console
from rich.text import Text

from factory.local_hub import LocalHub

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
COLUMNS = 100
COLOURS = 256  # enough for pages without photographs, and a third of the bytes
QUESTION = "أجب باختصار: أي مدينة هي عاصمة الصين؟"  # the tiny model answers it, and 41 % of its test


def main(store: Path) -> None:
    PICTURES.mkdir(exist_ok=True)
    program = shutil.which("chromium") or sys.exit("needs Chromium: apt install chromium fonts-noto-core")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        with LocalHub(store / "hub") as hub:
            page = browser.new_page(viewport={"width": 1200, "height": 820})
            page.goto(f"{hub.endpoint}/factory/demo-arabic")
            save(page, "card")
        with space(store) as address:
            chat(browser, address)
            leaderboard(browser, address)
        terminal(browser, planned(store))
        browser.close()


def save(page: Page, name: str) -> None:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURES / f"{name}.png", optimize=True)


def chat(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1000, "height": 720})
    page.goto(f"{address}?lang=ar&__theme=light")
    box = page.locator("textarea:visible").first
    box.fill(QUESTION)
    box.press("Enter")
    expect(page.get_by_test_id("bot").last).to_contain_text(re.compile(r"\S"), timeout=60_000)
    page.wait_for_timeout(3000)  # until the answer is whole
    save(page, "chat")


def leaderboard(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 640})
    page.goto(f"{address}?lang=en&__theme=dark")
    page.get_by_role("tab", name="Leaderboard", exact=True).click()
    page.get_by_text("Size against score").click()  # folds the plot: the rows are what matters here
    page.wait_for_timeout(2000)  # until all of them have come
    save(page, "leaderboard")


@contextmanager
def space(store: Path) -> Iterator[str]:
    """The address of the demo's Space."""
    command = [sys.executable, "-m", "factory", "space", "recipes/demo.yaml", "--hub", "local", "--store", str(store)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield next(line.strip() for line in process.stdout if line.startswith("http://"))
        finally:
            process.terminate()


def planned(store: Path) -> str:
    """What `factory plan --diff` writes to a terminal after one parameter of the demo was changed."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "recipes" / "prompts", Path(folder) / "prompts")
        recipe, judge = (ROOT / "recipes" / "demo.yaml").read_text("utf-8"), "judge: {model: judge,"
        Path(folder, "demo.yaml").write_text(recipe.replace(judge, f"{judge} max_new_tokens: 9,", 1), "utf-8")
        command = ["plan", f"{folder}/demo.yaml", "--diff", "--hub", "local", "--store", str(store)]
        return written([sys.executable, "-m", "factory", *command])


def written(command: list[str]) -> str:
    """All that a command writes to a terminal of COLUMNS columns."""
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    with subprocess.Popen(command, cwd=ROOT, stdin=there, stdout=there, stderr=there, env={**os.environ, **COLOURED}):
        os.close(there)
        read = b""
        while piece := _read(here):
            read += piece
    os.close(here)
    return read.decode().replace("\r\n", "\n")


COLOURED = {"TERM": "xterm-256color"}


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def terminal(browser: Browser, text: str) -> None:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text().append("$ factory plan demo --diff\n", "bold").append_text(Text.from_ansi(text.rstrip())))
    inside = console.export_html(inline_styles=True, code_format="<pre>{code}</pre>")
    page = browser.new_page(viewport={"width": 900, "height": 100})
    style = "margin:0;padding:14px 18px;background:#14161a;color:#e6e8eb;font:14px/1.4 'DejaVu Sans Mono',monospace"
    page.set_content(f"<body style='margin:0'><div style=\"{style}\">{inside}</div>")
    height = page.locator("div").bounding_box()
    assert height is not None
    page.set_viewport_size({"width": 900, "height": round(height["height"])})
    save(page, "plan")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
