"""Fingerprints: what they cover, and that artifacts made before stay valid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from factory.graph.nodes import Graph, build_graph
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Store

RECIPE = """\
recipe: 1
name: fixed
language: {source: en, target: ar}
hub: {namespace: me}
datasets:
  rows:
    from: ./rows.jsonl
    steps:
      - STEP
  bench:
    from: ./bench.jsonl
models:
  m:
    steps:
      - init: {config: {model_type: llama}, tokenizer_data: bench, text: q}
"""

STEPS: dict[str, dict[str, Any]] = {
    "filter": {"pairs": {"en": "ar"}, "checks": [{"empty": {"min": 0.7}}], "keep_scores": False},
    "judge": {"model": "m", "prompt": "{ar}", "criteria": {"good": 3, "clear": 4}},
    "preferences": {
        "prompt": "en", "candidates": ["en", "ar"], "judge": "m", "method": "score",
        "judge_prompt": "{prompt} {response}", "min_margin": 2,
    },
    "decontaminate": {"against": "bench", "on": ["en"], "ngram": 5, "max": 0.4},
    "dedup": {"on": ["en"], "near": {"threshold": 0.7}},
    "similarity": {"model": "m", "pairs": {"en": "ar"}, "min": 0.5},
    "backtranslate": {
        "model": "m", "prompt": "{text}", "pairs": {"en": "ar"}, "gates": {"bleu": 30}, "retranslate_model": "m",
        "retranslate_prompt": "{text}", "keep_back": True,
    },
    "safety": {"model": "m", "on": ["ar"], "prompt": "{text}", "max": 0.25},
}  # fmt: skip
MADE_BEFORE = {
    "filter": "fb3d5210b0944d20",
    "judge": "76533595c3a1424e",
    "preferences": "a192e0c68d4fc8f4",
    "decontaminate": "d1ea549855f57484",
    "dedup": "1ee73a5051832404",
    "similarity": "46e216e850f702a4",
    "backtranslate": "401df77f14a1e061",
    "safety": "1b0cadaa76d440d5",
}
"""Beginnings of fingerprints that stores hold: made before limits were marked, or since a verb's version moved."""

MOVED: dict[str, dict[str, Any]] = {
    "filter": {"checks": ["empty", "refusal"], "keep_scores": True},
    "judge": {"criteria": {"good": 1, "clear": 5}},
    "preferences": {"min_margin": 0},
    "decontaminate": {"max": 0, "keep_scores": False},
    "dedup": {"near": {"threshold": 0.9}},
    "similarity": {"min": 0.9, "keep_scores": False},
    "backtranslate": {"gates": {"chrf": 30, "bleu": 1}, "keep_back": False, "keep_scores": False},
    "safety": {"max": 1, "keep_scores": False},
}
OTHER: dict[str, dict[str, Any]] = {
    "filter": {"pairs": {"ar": "en"}},
    "judge": {"criteria": {"good": 3, "fluent": 4}},
    "preferences": {"scale": [0, 10]},
    "decontaminate": {"ngram": 6},
    "dedup": {"near": {"threshold": 0.7, "ngram": 4}},
    "similarity": {"pooling": "cls"},
    "backtranslate": {"prompt": "back: {text}"},
    "safety": {"on": ["en"]},
}


def graph_of(folder: Path, verb: str, parameters: dict[str, Any]) -> Graph:
    (folder / "rows.jsonl").write_text('{"en": "a house", "ar": "بيت"}\n', encoding="utf-8")
    (folder / "bench.jsonl").write_text('{"q": "a question about a house"}\n', encoding="utf-8")
    path = folder / "fixed.yaml"
    path.write_text(RECIPE.replace("STEP", json.dumps({verb: parameters})), encoding="utf-8")
    return build_graph(load(path), Store(folder / "store"), Resolver(folder / "fixed.lock", online=False))


@pytest.mark.parametrize("verb", STEPS)
def test_what_stores_hold_stays_valid(tmp_path, verb):
    assert graph_of(tmp_path, verb, STEPS[verb]).final("rows").fingerprint[:16] == MADE_BEFORE[verb]


@pytest.mark.parametrize("verb", MOVED)
def test_limits_decide_on_what_is_kept_and_on_nothing_that_is_made(tmp_path, verb):
    one, moved, other = (
        graph_of(tmp_path, verb, STEPS[verb] | change).final("rows") for change in ({}, MOVED[verb], OTHER[verb])
    )
    assert one.made == moved.made and one.folder != moved.folder
    assert one.made != other.made and one.folder != other.folder
