"""Engines that hang while they load: code that never returns, a process that says nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from factory.engines import engine_for
from factory.engines.loading import loading
from factory.engines.tiny import make_tiny_model
from factory.errors import FactoryError
from factory.profile import Profile
from factory.waiting import waits


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("m"))


def profile(engine: str) -> Profile:
    given = {"engine": engine, "device": "cpu", "threads": 1, "loading": 1, "vllm": {"verify": False}}
    return Profile.model_validate(given)


def test_transformers_is_ended_where_it_waits(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the model's own code, which catches what it can."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    slow = shutil.copytree(model, tmp_path / "slow")
    config = json.loads((slow / "config.json").read_text())
    (slow / "config.json").write_text(
        json.dumps(config | {"auto_map": {"AutoConfig": "own.Own"}, "model_type": "own"})
    )
    (slow / "own.py").write_text(
        "import time\nwhile True:\n    try:\n        time.sleep(600)\n    except Exception:\n        pass\n"
    )
    said = rf"transformers had not loaded {slow} after 1 s and was ended \(.*`loading` in \[profiles\.NAME\]"
    with pytest.raises(FactoryError, match=said):
        engine_for(slow, profile("transformers"), trust_remote_code=True)
    assert waits() == {}


def test_the_process_of_vllm_is_ended(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that says nothing, run by this Python in place of that of vLLM's environment."""
    silent = tmp_path / "silent.py"
    silent.write_text("import os, sys, time\nprint(os.getpid(), file=sys.stderr, flush=True)\ntime.sleep(600)\n")
    monkeypatch.setattr("factory.engines.vllm.WORKER", silent)
    monkeypatch.setattr("factory.engines.vllm.needed", lambda name: SimpleNamespace(python=sys.executable))
    monkeypatch.setenv("FACTORY_ENGINES", str(tmp_path))
    with pytest.raises(FactoryError, match=f"vllm had not loaded {model} after 1 s") as caught:
        engine_for(model, profile("vllm")).__enter__()
    assert caught.value.where is not None
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path(caught.value.where).read_text()), 0)


def test_an_alarm_that_was_set_before_goes_on(tmp_path: Path) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: heard.append(number))
    around = signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with loading("transformers", tmp_path, 60):
            assert list(waits()) == [f"transformers to load {tmp_path}"]
        while not heard:
            signal.pause()
    finally:
        signal.setitimer(signal.ITIMER_REAL, *around)
        signal.signal(signal.SIGALRM, before)
    assert heard == [signal.SIGALRM]
