"""`factory publish recipes/allam-demo.yaml`: what ALLaM's way of adapting an English model shows, measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

ROOT = Path(__file__).parents[2]
READ = "import json, sys; from allam_demo import *; print(json.dumps(findings(Store(Path(sys.argv[1])))))"


def run(*arguments: object, path: str = "") -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "FACTORY_"))}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env=clean | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("allam")
    run("-m", "factory", "publish", ROOT / "recipes" / "allam-demo.yaml", "--hub", "local", "--store", folder)
    return folder


@pytest.fixture(scope="module")
def found(store: Path) -> dict[str, Any]:
    return json.loads(run("-c", READ, store, path=str(ROOT / "benchmarks")))


def test_arabic_takes_far_fewer_tokens_and_english_as_many(found: dict[str, Any]) -> None:
    arabic, english = found["tokens_per_word"]["ar"], found["tokens_per_word"]["others"]
    assert arabic["after"] < 0.65 * arabic["before"]
    assert english["after"] == english["before"]


def test_arabic_is_learnt_at_no_cost_to_english(found: dict[str, Any]) -> None:
    before, after = found["text"]["expanded"], found["text"]["adapted"]
    assert after["perplexity.ar"] < before["perplexity.ar"] / 10
    assert after["bits per byte.ar"] < found["text"]["english-base"]["bits per byte.ar"] / 2
    assert after["perplexity.en"] <= 1.03 * before["perplexity.en"]


def test_new_pieces_alone_change_no_english(found: dict[str, Any]) -> None:
    base, expanded = found["text"]["english-base"], found["text"]["expanded"]
    assert abs(expanded["bits per byte.en"] - base["bits per byte.en"]) < 0.02


def test_dpo_raises_the_reward_margin(found: dict[str, Any]) -> None:
    before, after = found["preference"]["before"], found["preference"]["after"]
    assert after["reward_margin"] > before["reward_margin"] + 0.1
    assert after["reward_accuracy"] > 0.8


def test_the_cards_show_it(store: Path) -> None:
    recipe = ROOT / "recipes" / "allam-demo.yaml"
    assert "okens per word" in run("-m", "factory", "card", recipe, "adapted", "--hub", "local", "--store", store)
    card = run("-m", "factory", "card", recipe, "allam-demo", "--hub", "local", "--store", store)
    assert "argin" in card
