"""Two models on the same questions: the paired interval against theory, and how often its claims hold."""

from __future__ import annotations

import json

import numpy as np
import pytest

from factory.evaluate.base import RESULTS
from factory.evaluate.paired import Difference, difference, differences
from factory.evaluate.samples import Part, Samples


def pooled(values, clusters=None, keys=None) -> Samples:
    names = [str(i) for i in range(len(values))] if keys is None else keys
    return Samples.pooled({"acc": Part.of_values(names, values, clusters)})


def by_subject(subjects: list[list[float]]) -> Samples:
    parts = {str(s): Part.of_values([f"{s}.{i}" for i in range(len(v))], v) for s, v in enumerate(subjects)}
    return Samples(parts, {"acc": [[*parts]]})


def test_the_interval_is_that_of_paired_differences():
    rng = np.random.default_rng(0)
    hard = rng.normal(50, 30, 400)  # questions differ far more than the models do
    ours, theirs = hard + rng.normal(2, 4, 400), hard + rng.normal(0, 4, 400)
    found = difference(pooled(ours), pooled(theirs), "acc")
    half = 1.96 * (ours - theirs).std(ddof=1) / 20
    assert found.value == pytest.approx((ours - theirs).mean())
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)
    assert half < 1.96 * 30 / 20 / 4 and found.verdict == "better"
    assert difference(pooled(theirs), pooled(ours), "acc").verdict == "worse"


def test_a_lower_score_is_better_where_it_says_so():
    ours, theirs = pooled(np.arange(50.0)), pooled(np.arange(50.0) + 3)
    assert difference(ours, theirs, "acc", higher_is_better=False).verdict == "better"
    assert difference(ours, theirs, "acc").verdict == "worse"


def test_equal_models_are_told_apart_about_5_times_in_100():
    rng, claims, rounds = np.random.default_rng(1), 0, 300
    for _ in range(rounds):
        one, other = (100.0 * (rng.random(200) < 0.6) for _ in range(2))
        claims += difference(pooled(one), pooled(other), "acc").verdict != "no difference shown"
    assert 0.01 < claims / rounds < 0.09


@pytest.mark.parametrize("shape", ["documents", "subjects"])
def test_what_belongs_together_is_drawn_whole(shape):
    """Of 20 clusters each speaks with one voice: 1,000 answers are worth 20, and equal models stay equal."""
    rng, claims, rounds = np.random.default_rng(2), 0, 60
    for _ in range(rounds):
        voices = 100.0 * rng.integers(-1, 2, 20)
        ours, theirs = np.repeat(np.maximum(voices, 0), 50), np.repeat(np.maximum(-voices, 0), 50)
        if shape == "documents":
            names = [str(i // 50) for i in range(1000)]
            found = difference(pooled(ours, names), pooled(theirs, names), "acc")
        else:
            found = difference(*(by_subject(x.reshape(20, 50).tolist()) for x in (ours, theirs)), "acc")
        assert (found.n, found.clusters) == (1000, 20)
        claims += found.verdict != "no difference shown"
    assert claims / rounds < 0.12  # by single answers more than every second pair would be told apart


def test_few_subjects_that_agree_by_chance_do_not_narrow_the_interval():
    rng = np.random.default_rng(3)
    ours = [(100.0 * (rng.random(40) < 0.5)).tolist() for _ in range(2)]
    theirs = [(100.0 * (rng.random(40) < 0.5)).tolist() for _ in range(2)]
    alone = Samples({str(s): Part.of_values([f"{s}.{i}" for i in range(40)], v) for s, v in enumerate(ours)}, {})
    other = Samples({str(s): Part.of_values([f"{s}.{i}" for i in range(40)], v) for s, v in enumerate(theirs)}, {})
    clustered = difference(
        Samples(alone.parts, {"acc": [["0", "1"]]}), Samples(other.parts, {"acc": [["0", "1"]]}), "acc"
    )
    fixed = difference(
        Samples(alone.parts, {"acc": [["0"], ["1"]]}), Samples(other.parts, {"acc": [["0"], ["1"]]}), "acc"
    )
    assert fixed.clusters == 0 and clustered.clusters == 2
    assert clustered.low <= fixed.low and clustered.high >= fixed.high


@pytest.mark.parametrize(("differing", "verdict"), [(5, "no difference shown"), (6, "better")])
def test_a_handful_of_answers_is_no_evidence(differing, verdict):
    ours = pooled([100.0] * differing + [0.0] * 3)
    theirs = pooled([0.0] * (differing + 3))
    assert difference(ours, theirs, "acc").verdict == verdict


def test_other_questions_are_not_compared(tmp_path):
    with pytest.raises(ValueError, match="same questions"):
        difference(pooled([1.0, 2.0]), pooled([1.0, 2.0], keys=["0", "other"]), "acc")
    with pytest.raises(ValueError, match="same subtasks"):
        difference(by_subject([[1.0]]), by_subject([[1.0], [2.0]]), "acc")


def test_differences_of_finished_evaluations(tmp_path):
    folders = []
    for name, better in (("a", 10.0), ("b", 0.0)):
        folder = tmp_path / name
        folder.mkdir()
        kept = {
            "acc": Part.of_values([str(i) for i in range(30)], np.arange(30.0) + better),
            "lost": Part.of_values([f"{name}{i}" for i in range(9)], [1.0] * 9),
        }
        Samples.pooled(kept).write(folder)
        about = {"acc": {"higher_is_better": False}, "lost": {}}
        (folder / RESULTS).write_text(json.dumps({"scores": about}))
        folders.append(folder)
    found = differences(*folders)
    assert found == {"acc": Difference(10.0, 10.0, 10.0, 30, 0, higher_is_better=False)}
    assert found["acc"].as_json()["verdict"] == "worse"
    assert differences(tmp_path, folders[0]) == {}
