"""An embedded Hub for tests outside tests/local_hub: one server per run, its address set for this process."""

from __future__ import annotations

import os

# Before torch is imported: models this small are slower on several threads, on a busy machine by far.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import gc
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The first example of a test also pays for the imports of what it tests, whichever test comes first.
settings.register_profile("factory", deadline=None)
settings.load_profile("factory")

# Shells start what runs in the background with Ctrl-C ignored, and the processes that tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup() -> None:
    """Each training asks for a full collection: with the libraries in it, it takes as long as the training."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def hub_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from factory.local_hub import LocalHub

    with LocalHub(tmp_path_factory.mktemp("embedded-hub")) as running:
        yield running


@pytest.fixture
def embedded_hub(hub_server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The Hub that huggingface_hub in this process speaks to while the test runs.

    huggingface_hub reads its settings once, when it is imported; so they are set in both places.
    """
    import huggingface_hub.constants as constants

    for name, value in hub_server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(constants, "ENDPOINT", hub_server.endpoint)
    template = hub_server.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    if (datasets := sys.modules.get("datasets.config")) is not None:  # which reads it once, too
        monkeypatch.setattr(datasets, "HF_ENDPOINT", hub_server.endpoint)
    return hub_server


@pytest.fixture
def hub_client(hub_server: Any, tmp_path: Path) -> Callable[[str], str]:
    """Runs Python code in a process of its own, as a user of the Hub would; returns what it printed."""
    import os
    import subprocess
    import sys

    def run(code: str) -> str:
        environment = os.environ | hub_server.environment()
        environment |= {"HF_HOME": str(tmp_path / "hf-home"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        for name in ("TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"):
            environment.pop(name, None)
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
