"""The Space under load, with a tiny model behind it: the first token, ten visitors at once, 200 requests in a minute.

python benchmarks/space/serving.py
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil
from gradio_client import Client
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
from measure import save  # noqa: E402

from tests.spaces.speaking import ARABIC, lay_out, speaking_model  # noqa: E402

CLICKS = 10
USERS = 10
REQUESTS = 200
WINDOW = 60.0  # seconds over which they are spread
FIRST_TOKEN = """
async () => {
  const box = document.querySelector("textarea"), bots = () => document.querySelectorAll('[data-testid="bot"]');
  const before = bots().length, begin = performance.now();
  document.querySelector(".submit-button").click();
  while (bots().length === before || !bots()[before].innerText.trim()) await new Promise(requestAnimationFrame);
  return (performance.now() - begin) / 1000;
}
"""


@contextmanager
def space(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The app with one model, listening: its address and process."""
    model = speaking_model(folder / "model", ARABIC)
    app = lay_out(folder / "app", [{"name": "model", "repo": model, "task": "chat"}])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"}
    process = subprocess.Popen([sys.executable, "app.py"], cwd=app, env=environment, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    try:
        while True:
            try:
                Client(address, verbose=False)
                break
            except httpx.TransportError:
                if process.poll() is not None:
                    raise
                time.sleep(0.5)
        yield address, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def first_tokens(address: str) -> list[float]:
    """Seconds from the click on the send button to the first letter of the answer, in Chromium."""
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{address}?lang=en")
        for _ in range(CLICKS):
            page.get_by_placeholder("Write a message").fill("سؤال")
            found.append(page.evaluate(FIRST_TOKEN))
            page.get_by_role("button", name="Send").wait_for()
        browser.close()
    return found


def ask(client: Client) -> tuple[bool, float]:
    """Whether the answer came whole, and its seconds."""
    begin = time.monotonic()
    try:
        whole = "تم." in str(client.predict("سؤال", api_name="/chat"))
    except Exception:  # any error of a visitor's counts as one
        whole = False
    return whole, time.monotonic() - begin


def main() -> None:
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, space(Path(folder)) as (address, process):
        seconds = first_tokens(address)
        result["first_token"] = {"clicks": CLICKS, "median": median(seconds), "slowest": max(seconds)}

        clients = [Client(address, verbose=False) for _ in range(USERS)]
        with ThreadPoolExecutor(USERS) as pool:
            answers = list(pool.map(ask, clients))
        times = [took for _, took in answers]
        result["at_once"] = {
            "users": USERS,
            "errors": sum(not whole for whole, _ in answers),
            "median": median(times),
            "slowest": max(times),
        }

        before, begin = process.memory_info().rss, time.monotonic()
        memory = []
        with ThreadPoolExecutor(USERS) as pool:
            running = []
            for number in range(REQUESTS):
                time.sleep(max(0.0, begin + number * WINDOW / REQUESTS - time.monotonic()))
                running.append(pool.submit(ask, clients[number % USERS]))
                memory.append(process.memory_info().rss)
            errors = sum(not future.result()[0] for future in running)
        result["minute"] = {
            "requests": REQUESTS,
            "errors": errors,
            "seconds": time.monotonic() - begin,
            "rss_before": before,
            "rss_middle": memory[len(memory) // 2],
            "rss_after": process.memory_info().rss,
        }
    save("space_serving", result)


if __name__ == "__main__":
    main()
