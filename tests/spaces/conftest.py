"""The app's modules by their own names, and the app itself with tiny models behind it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from factory.resources import resource
from tests.browser import browser as browser
from tests.spaces.speaking import ARABIC, lay_out, speaking_model

sys.path.insert(0, str(resource("spaces") / "hala"))
START = 180  # seconds, on a machine that is busy


@dataclass(frozen=True)
class Site:
    """An app that runs: its address, its log and the folder of its votes."""

    url: str
    log: Path
    votes: Path


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The app with two models that chat, one without end, and translators of both directions."""
    folder = tmp_path_factory.mktemp("space")
    said = {
        "arabic": ARABIC,
        "brief": ["جواب ", "قصير"],
        "to-arabic": ["ترجمة ", "قصيرة"],
        "to-english": ["A ", "text"],
    }
    models = {name: speaking_model(folder / name, words) for name, words in said.items()}
    models["endless"] = speaking_model(folder / "endless", ["كلمة ", "وأخرى ", "\n\n"], endless=True)
    tasks = {
        "to-arabic": {"task": "translate", "source": "en", "target": "ar"},
        "to-english": {"task": "translate", "source": "ar", "target": "en"},
    }
    app = lay_out(
        folder / "app",
        [{"name": name, "repo": repo, **tasks.get(name, {"task": "chat"})} for name, repo in models.items()],
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": "",
        "SPACE_VOTES_FOLDER": str(folder / "votes"),
    }
    found = Site(f"http://127.0.0.1:{port}/", folder / "log", folder / "votes")
    with found.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=app, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(found, process)
        yield found
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(site: Site, process: subprocess.Popen[bytes]) -> None:
    for _ in range(START * 2):
        try:
            httpx.get(site.url)
            return
        except httpx.TransportError:
            assert process.poll() is None, site.log.read_text()
            time.sleep(0.5)
    raise TimeoutError(site.log.read_text())
