"""`factory publish recipes/ain-demo.yaml` as a user runs it: what was planted is found, and the model sees."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from factory.graph.nodes import build_graph
from factory.publishing.space import write_space
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Dataset, Manifest, Store
from tests.e2e.test_demo import ROOT, factory

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]
RECIPE = ROOT / "recipes" / "ain-demo.yaml"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ain")


@pytest.fixture(scope="module")
def published(store: Path) -> dict[str, Any]:
    result = factory("publish", RECIPE, "--hub", "local", "--store", store, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def score(published: dict[str, Any], suite: str, model: str, name: str | None = None) -> float:
    (found,) = [entry for entry in published["scores"] if (entry["suite"], entry["model"]) == (suite, model)]
    return found["scores"][name or found["headline"]]["value"]


def step(store: Path, artifact: str, part: str) -> Path:
    (folder,) = store.glob(f"{artifact}/{part}-{'?' * 16}")
    return folder


def accounts(store: Path, artifact: str, part: str) -> dict[str, int]:
    manifest = Manifest.load(step(store, artifact, part))
    assert manifest is not None and manifest.rows is not None
    return manifest.rows.reasons


def test_the_tuned_model_sees_and_reads_and_the_base_does_not(published: dict[str, Any]) -> None:
    for suite in ("questions-ar", "questions-en"):
        assert score(published, suite, "base") < 5
        for topic in ("colour", "count", "shape"):
            assert score(published, suite, "ain", topic) >= 90
    assert score(published, "ocr", "base") < 5
    assert score(published, "ocr", "ain") >= 50


def test_what_was_planted_is_rejected(store: Path, published: dict[str, Any]) -> None:
    safety = accounts(store, "drawings", "03-safety")
    assert 0.9 * 0.08 * 3500 < sum(count for reason, count in safety.items() if "safety" in reason) < 1.3 * 0.08 * 3600
    assert sum(accounts(store, "drawings", "06-backtranslate").values()) > 0
    manifest = Manifest.load(step(store, "translated-drawings", "02-backtranslate"))
    assert manifest is not None and manifest.metrics["backtranslated"]["rescued"] > 20  # of some 74 with a flaw


def test_pictures_that_are_published_are_those_that_were_drawn(store: Path, published: dict[str, Any]) -> None:
    rows = list(Dataset(step(store, "ain-sft", "01-mix")).rows())
    assert len(rows) > 8000
    assert all(row["image"]["path"] == f"{sha256(row['image']['bytes']).hexdigest()}.png" for row in rows)


def test_a_repeat_does_nothing(store: Path, published: dict[str, Any]) -> None:
    again = json.loads(factory("publish", RECIPE, "--hub", "local", "--store", store, "--json").stdout)
    assert again["built"] == [] and not any(pushed["changed"] for pushed in again["pushed"].values())


def test_its_space_shows_the_model_that_sees(store: Path, published: dict[str, Any], tmp_path: Path) -> None:
    resolver = Resolver(RECIPE.with_suffix(".lock"), online=False)
    folder = write_space(build_graph(load(RECIPE), Store(store), resolver), tmp_path)
    config = json.loads((folder / "space.json").read_text(encoding="utf-8"))
    assert [(model["name"], model["task"]) for model in config["models"]] == [("ain-demo", "image")]
    assert {table["name"] for table in config["board"]} >= {"questions-ar", "questions-en", "ocr"}
    assert (folder / "tabs" / "vision.py").is_file() and (folder / "factory" / "engines" / "processors.py").is_file()
