"""The ladder with a real model: what it cannot do fails by real means, a budget, a mark, the model's context."""

from __future__ import annotations

import pytest

from factory.profile import Profile
from factory.store import Ledger
from tests.steps.test_translate import CHAIN, laddered
from tests.support import chain_model, dataset, kept, make_job, random_model, rejected, run_step

LENGTH = [{"length_ratio": {"min": 0.4, "slack": 10}}]


@pytest.fixture(scope="module")
def chained(tmp_path_factory):
    return chain_model(tmp_path_factory.mktemp("models") / "m", CHAIN)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Writes x after c, where the first model never ends."""
    return chain_model(tmp_path_factory.mktemp("models") / "other", {"c": "x", "x": ""})


def units(job):
    return {name: n for name, n in job.metrics["translations"]["units"].items() if n}


def test_asked_again_with_another_prompt(tmp_path, chained):
    step = laddered(checks=[], retry_prompt="{text}b")
    job = run_step(step, dataset(tmp_path / "in", [{"t": "ac"}, {"t": "ab"}]), tmp_path / "out", m=chained)
    assert [row["t_ar"] for row in kept(job)] == ["xy", "xy"]
    assert units(job) == {"first": 1, "retry": 1}
    assert job.metrics["translations"]["generated"] == 3 == job.usage.requests


def test_smaller_pieces_keep_what_is_between_them(tmp_path, chained):
    text = "1. aab\naab\n\naab\n- aab\naab\naab"
    step = laddered(checks=LENGTH, split="none", retry_prompt="{text}")
    job = run_step(step, dataset(tmp_path / "in", [{"t": text}]), tmp_path / "out", m=chained)
    assert kept(job) == [{"t": text, "t_ar": "1. xy\nxy\n\nxy\n- xy\nxy"}]
    assert units(job) == {"smaller": 1}


def test_fallback_model(tmp_path, chained, other):
    rows = [{"t": "aac"}, {"t": "aab"}, {"t": "aad"}]
    step = laddered(checks=[], fallback="o", retry_prompt="{text}")
    job = run_step(step, dataset(tmp_path / "in", rows), tmp_path / "out", m=chained, o=other)
    assert [row["t_ar"] for row in kept(job)] == ["x", "xy"]
    assert units(job) == {"fallback": 1, "first": 1, "rejected": 1}
    assert job.rows.reasons == {"translate: empty": 1}
    assert (tmp_path / "out" / "generations-fallback.jsonl").exists()
    assert [reference for _, reference, _ in step.references()] == ["m", "o"]


def test_marks_that_the_model_cannot_copy_are_a_reason(tmp_path, chained):
    rows = [{"t": "Run `ls -l` aab"}, {"t": "aab"}]
    job = run_step(laddered(checks=[]), dataset(tmp_path / "in", rows), tmp_path / "out", m=chained)
    assert [row["t"] for row in kept(job)] == ["aab"]
    [row] = rejected(job)
    assert row["reason"] == "translate: masks: missing `ls -l`"


def test_a_text_longer_than_the_context_is_cut(tmp_path, chained):
    """1024 tokens of context, one per byte, 2 n + 32 of them for the answer."""
    long = "\n".join(["a" * 200 + "b"] * 12)
    short = {"t": "aab"}
    step = laddered(checks=[], ladder=["smaller"], split="none")
    job = run_step(step, dataset(tmp_path / "in", [{"t": long}, short]), tmp_path / "out", m=chained)
    assert [row["t_ar"] for row in kept(job)] == ["\n".join(["xy"] * 12), "xy"]
    without = laddered(checks=[], ladder=[], split="none")
    job = run_step(without, dataset(tmp_path / "in2", [{"t": long}, short]), tmp_path / "out2", m=chained)
    assert job.rows.reasons == {"translate: too long": 1} and job.rows.kept == 1


def test_a_word_longer_than_the_context_ends_as_a_rejection(tmp_path, chained):
    job = run_step(laddered(), dataset(tmp_path / "in", [{"t": "a" * 5000}]), tmp_path / "out", m=chained)
    assert job.rows.reasons == {"translate: too long": 1}


def test_an_interruption_on_any_rung_changes_nothing(tmp_path, monkeypatch):
    model, other = (random_model(tmp_path / name, seed=seed, ends=40) for seed, name in enumerate("mo"))
    with_marks = [{"t": f"Line {i} of a text\nwith `code{i % 5}` and\nthree lines. Two sentences."} for i in range(10)]
    rows = [*with_marks, *({"t": "word " * (i % 5) + f"and {i}"} for i in range(30))]
    source = dataset(tmp_path / "in", rows, shard_rows=20)
    profile = Profile(device="cpu", threads=1, batch_size=8)
    step = laddered(checks=["repetition"], max_new_tokens=6, fallback="o")
    whole = run_step(step, source, tmp_path / "whole", profile, m=model, o=other)
    assert {"first", "rejected"} <= set(whole.metrics["translations"]["units"])
    names = ("generations.jsonl", "generations-fallback.jsonl")
    lines = {name: (tmp_path / "whole" / name).read_bytes() for name in names}
    total = sum(text.count(b"\n") for text in lines.values())
    append = Ledger.append
    job, attempts = None, 0
    while job is None:
        attempts += 1
        calls = []

        def interrupted(self, *entries, calls=calls):
            calls.append(entries)
            if len(calls) == 4:
                raise KeyboardInterrupt
            append(self, *entries)

        monkeypatch.setattr(Ledger, "append", interrupted)
        try:
            candidate = make_job(tmp_path / "torn", source, profile, m=model, o=other)
            step.run(candidate)
            job = candidate
        except KeyboardInterrupt:
            continue
    assert attempts > total // 4
    assert {name: (tmp_path / "torn" / name).read_bytes() for name in names} == lines
    assert (kept(job), rejected(job)) == (kept(whole), rejected(whole))
    assert (job.usage, job.metrics) == (whole.usage, whole.metrics)
