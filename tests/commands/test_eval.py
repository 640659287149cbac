"""`factory eval` as a user runs it: a tiny model from a folder and from the embedded Hub, into one leaderboard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from factory.evaluate.board import leaderboard
from factory.store import Store
from tests.support import random_model

PUSH = "from huggingface_hub import HfApi; import sys; api = HfApi(); api.create_repo('someone/tiny');"
PUSH += " api.upload_folder(repo_id='someone/tiny', folder_path=sys.argv[1])"


def run(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "FACTORY_"))}
    clean |= {"OMP_NUM_THREADS": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=cwd, env=clean | environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def evaluate(cwd: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return run("-m", "factory", "eval", *arguments, "--hub", "local", cwd=cwd)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, the same pushed to the store's embedded Hub, and texts to score."""
    from factory.local_hub import LocalHub

    place = tmp_path_factory.mktemp("eval")
    for name, seed in (("one", 1), ("two", 2)):
        random_model(place / "made" / name, seed=seed, template=None).model.rename(place / name)
    rows = [{"text": f"سطر رقم {i}", "language": "ar"} for i in range(6)]
    (place / "texts.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    with LocalHub(place / ".factory" / "hub") as hub:
        pushed = run("-c", PUSH, place / "two", cwd=place, HF_HOME=str(place / "home"), **hub.environment())
        assert pushed.returncode == 0, pushed.stderr
    return place


def test_models_meet_in_one_leaderboard(place: Path) -> None:
    settings = ("--suite", "perplexity", "--set", "data=./texts.jsonl", "--set", "text=text")
    first = evaluate(place, "./one", *settings, "--json")
    assert first.returncode == 0, first.stdout + first.stderr
    [alone] = json.loads(first.stdout)
    assert alone["model"] == str(place / "one") and alone["scores"][alone["headline"]]["value"] > 1

    second = evaluate(place, "someone/tiny", *settings)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "someone/tiny" in second.stdout and "one" in second.stdout, "the table shows the other model beside it"
    board = leaderboard(Store(place / ".factory"))
    assert {entry.model for entry in board} == {str(place / "one"), "someone/tiny"}
    assert len({entry.protocol for entry in board}) == 1 and len({entry.source for entry in board}) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("./one", "--suite", "perplexty"), "did you mean 'perplexity'"),
        (("nowhere", "--suite", "perplexity"), "no such model"),
        (("./one", "--suite", "perplexity", "--set", "n"), "KEY=VALUE"),
        (("./one", "--suite", "perplexity", "--set", "data=./texts.jsonl", "--set", "colour=3"), "colour"),
    ],
)
def test_mistakes_are_refused_before_any_work(place: Path, arguments: tuple[Any, ...], message: str) -> None:
    done = evaluate(place, *arguments)
    assert done.returncode == 2 and message in done.stderr, done.stderr
