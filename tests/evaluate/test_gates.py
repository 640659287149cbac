"""Gates: what they say, what they decide, and what a wrong one answers."""

from __future__ import annotations

import pytest

from factory.evaluate.gates import Gate, parse_dataset_gate, parse_gate
from factory.evaluate.paired import Difference

SUITES = {
    "oall-v2": ["average", "AlGhafa", "EXAMS"],
    "world-ar": None,
    "world-translation": ["bleu", "chrf++"],
    "v1.5": ["acc"],
}
MODELS = ["hala-1.2b", "teacher", "LiquidAI/LFM2-1.2B"]


def metrics(value: float, stderr: float | None = None, headline: str = "average", **more: float) -> dict:
    about = {"stderr": stderr, "low": value - 2 * stderr, "high": value + 2 * stderr} if stderr else {}
    scores = {headline: {"value": value, "n": 100, **about}}
    return {"headline": headline, "scores": scores | {k: {"value": v, "n": 10} for k, v in more.items()}}


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("oall-v2 >= base", Gate("oall-v2", None, ">=", "base")),
        ("oall-v2.AlGhafa >= base - 0.5", Gate("oall-v2", "AlGhafa", ">=", "base", -0.5)),
        ("world-translation.bleu >= base + 10", Gate("world-translation", "bleu", ">=", "base", 10.0)),
        ("world-ar >= 40", Gate("world-ar", None, ">=", 40.0)),
        ("world-translation.bleu >= teacher - 1", Gate("world-translation", "bleu", ">=", "teacher", -1.0)),
        ("oall-v2 > LiquidAI/LFM2-1.2B", Gate("oall-v2", None, ">", "LiquidAI/LFM2-1.2B")),
        ("v1.5.acc < hala-1.2b -2", Gate("v1.5", "acc", "<", "hala-1.2b", -2.0)),
    ],
)
def test_gates_are_read_and_written_back(text, gate):
    assert parse_gate(text, SUITES, MODELS) == gate
    assert parse_gate(str(gate), SUITES, MODELS) == gate


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("oall-v2", "is not a gate"),
        ("oall-v2 >= ", "is not a gate"),
        ("oall-v2 == base", "is not a gate"),
        ("oall-v3 >= base", "did you mean 'oall-v2'"),
        ("oall-v2.Alghafa >= base", "did you mean 'AlGhafa'"),
        ("oall-v2 >= techer", "did you mean 'teacher'"),
        ("oall-v2 >= zzz", "valid: LiquidAI/LFM2-1.2B, base, hala-1.2b, teacher"),
        ("oall-v2 >= base minus 1", "a margin is written as"),
    ],
)
def test_wrong_gates_name_what_was_expected(text, says):
    with pytest.raises(ValueError, match=says):
        parse_gate(text, SUITES, MODELS)


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("s >= base", True),
        ("s > base", True),
        ("s >= base + 2", True),
        ("s > base + 2", False),
        ("s >= base + 2.01", False),
        ("s <= 42", True),
        ("s < 42", False),
        ("s.extra >= base", False),
        ("s.extra >= base - 5", True),
        ("s >= other - 1", True),
        ("s >= other", False),
    ],
)
def test_gates_decide(text, passed):
    scores = {"s": {"m": metrics(42.0, extra=5.0), "b": metrics(40.0, extra=10.0), "other": metrics(43.0)}}
    result = parse_gate(text).check(scores, "m", "b")
    assert result.passed is passed
    assert result.explanation.startswith(text)


def test_sums_of_floats_do_not_fail_a_gate():
    scores = {"s": {"m": metrics(0.1 + 0.2), "b": metrics(0.3)}}
    assert parse_gate("s >= base").check(scores, "m", "b").passed
    assert parse_gate("s <= base").check(scores, "m", "b").passed
    assert not parse_gate("s > base").check(scores, "m", "b").passed


def test_differences_inside_the_interval_are_pointed_out():
    near = {"s": {"m": metrics(41.0, 1.0), "b": metrics(40.0, 1.0)}}
    far = {"s": {"m": metrics(45.0, 1.0), "b": metrics(40.0, 1.0)}}
    assert "within the 95 % interval of ±2.77" in parse_gate("s >= base").check(near, "m", "b").explanation
    assert "within" not in parse_gate("s >= base").check(far, "m", "b").explanation
    assert "within the 95 % interval 39.00 to 43.00" in parse_gate("s >= 42").check(near, "m").explanation
    assert "within" not in parse_gate("s >= 38").check(near, "m").explanation


@pytest.mark.parametrize(
    ("text", "base", "says"),
    [
        ("t >= base", "b", "suite t was not run"),
        ("s >= base", "x", "x was not scored on s"),
        ("s >= base", None, "has no base"),
        ("s.avrage >= base", "b", "did you mean 'average'"),
    ],
)
def test_a_gate_without_its_score_fails_and_says_why(text, base, says):
    result = parse_gate(text).check({"s": {"m": metrics(1.0), "b": metrics(1.0)}}, "m", base)
    assert not result.passed and says in result.explanation
    assert parse_gate("s >= base").models("m", "b") == ["m", "b"]
    assert parse_gate("s >= 3").models("m", "b") == ["m"]


@pytest.mark.parametrize(
    ("text", "low", "high", "passed"),
    [
        ("s > base significantly", 0.5, 3.5, True),
        ("s > base significantly", -0.1, 4.1, False),
        ("s > base significantly", 0.0, 4.0, False),
        ("s >= base - 1 significantly", -0.9, 4.9, True),
        ("s >= base - 1 significantly", -1.1, 5.1, False),
        ("s < base significantly", 0.5, 3.5, False),
        ("s < base + 4 significantly", 0.5, 3.5, True),
    ],
)
def test_significantly_asks_that_the_whole_paired_interval_holds(text, low, high, passed):
    scores = {"s": {"m": metrics(42.0, 3.0), "b": metrics(40.0, 3.0)}}
    found = {"average": Difference(2.0, low, high, 100, 0)}
    assert str(parse_gate(text)) == text
    result = parse_gate(text).check(scores, "m", "b", lambda suite, model, other: found)
    assert result.passed is passed
    assert f"+2.00, 95 % interval {low:+.2f} to {high:+.2f} on the same questions" in result.explanation


def test_significantly_above_a_number_asks_for_the_scores_own_interval():
    scores = {"s": {"m": metrics(42.0, 1.0), "none": metrics(42.0)}}
    assert parse_gate("s > 39 significantly").check(scores, "m").passed
    assert not parse_gate("s > 41 significantly").check(scores, "m").passed
    assert parse_gate("s < 45 significantly").check(scores, "m").passed
    assert not parse_gate("s > 0 significantly").check(scores, "none").passed


def test_what_cannot_be_paired_is_not_significant():
    scores = {"s": {"m": metrics(90.0, 1.0), "b": metrics(10.0, 1.0)}}
    result = parse_gate("s > base significantly").check(scores, "m", "b", lambda suite, model, other: {})
    assert not result.passed and "cannot be compared sample by sample" in result.explanation


def test_a_misspelt_word_is_said():
    with pytest.raises(ValueError, match="did you mean 'significantly'"):
        parse_gate("oall-v2 > base significantl", SUITES, MODELS)
    with pytest.raises(ValueError, match="is counted"):
        parse_dataset_gate("authentic >= 35 significantly")
    assert parse_dataset_gate("rated.correct >= 90 significantly").significantly
