"""The default checks on the labelled pairs that the benchmark ships: floors, not the measured values."""

from __future__ import annotations

import pytest

from benchmarks.checks.make_labelled import rows
from benchmarks.checks.quality import judged, measure


@pytest.fixture(scope="module")
def outcomes():
    labelled = list(rows())
    return labelled, judged([(row["source"], row["target"]) for row in labelled])


@pytest.mark.parametrize("half", ["tuning", "held_out"])
def test_precision_and_recall(outcomes, half):
    labelled, found = outcomes
    chosen = [index for index, row in enumerate(labelled) if row["half"] == half]
    result = measure([labelled[index] for index in chosen], [found[index] for index in chosen])
    assert result["good"] > 50 and result["broken"] > 140
    assert result["precision"] > 0.97 and result["recall"] > 0.9
    assert all(entry["recall"] >= 0.5 for entry in result["recall_by_class"].values())


def test_the_file_beside_is_what_the_script_writes():
    import json
    from pathlib import Path

    path = Path(__file__).parents[2] / "benchmarks" / "checks" / "labelled.jsonl"
    assert [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] == list(rows())
