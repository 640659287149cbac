"""The translation memory behind `Generations`: who sees whose answers, and what a finished artifact keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factory.rows.generation import context_length
from factory.step.job import Artifact, Job
from factory.store import Dataset, Ledger
from tests.echo import EchoEngine, arabic, use
from tests.steps.test_translate import laddered
from tests.support import dataset, kept, make_job, random_model, rejected

ROWS = [{"t": f"Tell me about river {i}, please."} for i in range(12)]


@pytest.fixture
def model(tmp_path):
    return dataset(tmp_path / "m", [{"x": 1}])


def run(tmp_path, name: str, rows, model: Artifact, step=None, shard_rows: int = 4) -> Job:
    source = dataset(tmp_path / f"{name}-in", rows, shard_rows=shard_rows)
    job = replace(make_job(tmp_path / name, source, m=model), memory=tmp_path / "memory")
    (step or laddered()).run(job)
    return job


def test_another_dataset_pays_only_for_what_is_new(tmp_path, model, monkeypatch):
    first, second = EchoEngine(), EchoEngine()
    use(monkeypatch, first, second)
    run(tmp_path, "one", ROWS[:8], model)
    job = run(tmp_path, "two", [*ROWS[4:], *ROWS[4:6]], model)
    assert second.asked == [row["t"] for row in ROWS[8:]]
    assert job.usage.requests == 4
    found = job.metrics["translations"]
    assert (found["needed"], found["generated"], found["reused"]) == (10, 4, {"step": 0, "memory": 6})
    assert found["saved_share"] == 0.6 and found["saved_tokens"] > 0
    assert [row["t_ar"] for row in kept(job)] == [arabic(row["t"]) for row in [*ROWS[4:], *ROWS[4:6]]]


@pytest.mark.parametrize(
    "changed",
    [
        {"prompt": "Arabic: {text}"},
        {"system_prompt": "Be brief."},
        {"max_new_tokens": 100},
        {"model": "another"},
        {"template": {"enable_thinking": False}},
        {"content": {"source_lang_code": "en"}},
        {"sampling": {"seed": 1}},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_decides_the_answer_is_never_mixed(tmp_path, model, monkeypatch, changed):
    use(monkeypatch, EchoEngine(), again := EchoEngine())
    run(tmp_path, "one", ROWS, model)
    other = changed.pop("model", None)
    if other:
        model = replace(model, manifest=model.manifest.model_copy(update={"fingerprint": "1" * 64}))
    run(tmp_path, "two", ROWS, model, laddered(**changed))
    assert len(again.asked) == len(ROWS)


def test_what_does_not_decide_the_answer_is_shared(tmp_path, model, monkeypatch):
    use(monkeypatch, EchoEngine(), again := EchoEngine())
    run(tmp_path, "one", ROWS, model)
    run(tmp_path, "two", ROWS, model, laddered(checks=[], suffix="_x", retry_prompt="{text}!"))
    assert again.asked == []


def test_faulty_answers_are_remembered_and_errors_are_not(tmp_path, model, monkeypatch):
    from factory.engines import Completion

    def answer(text: str):
        return Completion.error("503") if "river 1" in text else text

    use(monkeypatch, EchoEngine(answer), again := EchoEngine(answer))
    step = laddered(ladder=[])
    one = run(tmp_path, "one", ROWS[:3], model, step)
    two = run(tmp_path, "two", ROWS[:3], model, step)
    assert again.asked == [ROWS[1]["t"]]
    assert one.rows == two.rows
    assert one.rows.reasons == {"translate: script": 2, "translate: error": 1}


def test_a_resumed_run_sees_the_memory_as_it_was(tmp_path, monkeypatch):
    """What other runs remember meanwhile would change which prompts share a batch, and with it the last digits."""
    model = random_model(tmp_path / "m", ends=25)
    step = laddered(checks=[], ladder=["retry"], max_new_tokens=8, split="none")
    rows = [{"t": f"{i} " + "word " * (i % 5)} for i in range(30)]
    run(tmp_path, "before", rows[:7], model, step)
    whole = run(tmp_path, "whole", rows, model, step, shard_rows=15)
    (tmp_path / "memory" / "generations.sqlite").unlink()
    run(tmp_path, "before-again", rows[:7], model, step)  # the memory as "whole" found it

    append, calls = Ledger.append, []

    def interrupted(self, *entries):
        calls.append(entries)
        if len(calls) == 4:  # after the memory's state, the look into it and one batch
            raise KeyboardInterrupt
        append(self, *entries)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "append", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, "torn", rows, model, step, shard_rows=15)
    run(tmp_path, "meanwhile", rows[5:15], model, step)
    torn = run(tmp_path, "torn", rows, model, step, shard_rows=15)
    lines = [list(Ledger.read(tmp_path / name / "generations.jsonl")) for name in ("whole", "torn")]
    assert lines[0] == lines[1] and any(line.get("memory") and line["batch"] for line in lines[0])
    assert (kept(torn), rejected(torn)) == (kept(whole), rejected(whole))


def test_a_finished_artifact_does_not_need_the_memory(tmp_path, model, monkeypatch):
    use(monkeypatch, EchoEngine())
    run(tmp_path, "one", ROWS, model)
    two = run(tmp_path, "two", ROWS, model)
    rows = list(Dataset(two.out).rows())
    (tmp_path / "memory" / "generations.sqlite").unlink()
    nothing = EchoEngine()
    use(monkeypatch, nothing)
    (two.out / "ledger.jsonl").unlink()
    again = run(tmp_path, "two", ROWS, model)
    assert list(Dataset(again.out).rows()) == rows and nothing.asked == []


def test_context_length(tmp_path):
    assert context_length(tmp_path) is None
    (tmp_path / "config.json").write_text('{"text_config": {"max_position_embeddings": 4096}}')
    assert context_length(tmp_path) == 4096
