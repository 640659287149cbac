"""One real server process for all tests of the embedded Hub; each test uses repos of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.local_hub import LocalHub

USERS = {
    "users": [
        {
            "name": "amal",
            "fullname": "Amal A.",
            "organisations": [{"name": "lab", "role": "admin"}, {"name": "museum", "role": "read"}],
            "tokens": {"hf_amal": "write", "hf_amal_read": "read"},
        },
        {"name": "bilal", "tokens": {"hf_bilal": "write"}},
        {"name": "root", "tokens": {"hf_root": "admin"}},
    ]
}
SET_BY_HUB = ("HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    """The default user, who may write anywhere; jobs are allowed."""
    with LocalHub(tmp_path_factory.mktemp("hub"), jobs=True) as running:
        yield running


@pytest.fixture(scope="session")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    """A Hub with users, organisations and roles."""
    folder = tmp_path_factory.mktemp("peopled")
    users = folder / "users.json"
    users.write_text(json.dumps(USERS))
    with LocalHub(folder / "data", users=users) as running:
        yield running


@pytest.fixture
def api(hub: LocalHub) -> Any:
    from huggingface_hub import HfApi

    return HfApi(endpoint=hub.endpoint, token=hub.token)


@pytest.fixture
def repo(api: Any) -> str:
    """A fresh model repo."""
    name = f"tester/m{uuid.uuid4().hex[:10]}"
    api.create_repo(name)
    return name


@pytest.fixture(autouse=True)
def plain_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads in the test's process go by plain LFS; `client` covers the other environments."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)


@pytest.fixture
def client(hub: LocalHub, tmp_path: Path) -> Callable[..., str]:
    """Runs Python code in a process with a client's environment and returns what it printed."""

    def run(code: str, *, xet: bool = False, command: list[str] | None = None, **more: str) -> str:
        environment = {key: value for key, value in os.environ.items() if key not in SET_BY_HUB}
        environment |= (
            hub.environment() | {"HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"} | more
        )
        if xet:
            environment.pop("HF_HUB_DISABLE_XET")
        done = subprocess.run(
            command or [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
