from __future__ import annotations

import json

import pyarrow as pa
import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.profile import Profile
from factory.steps.translate import Translate
from tests.support import chain_model, dataset, kept, make_job, random_model, rejected, run_step

# The last letter of the text decides: b -> xy, c -> for ever z, d -> nothing, e -> a chat token.
CHAIN = {"b": "x", "x": "y", "y": "", "c": "z", "z": "z", "d": "", "e": "<", "<": "s", "s": ">", ">": ""}


@pytest.fixture(scope="session")
def chained(tmp_path_factory):
    return chain_model(tmp_path_factory.mktemp("models") / "m", CHAIN)


def laddered(**parameters):
    return Translate.model_validate({"model": "m", "fields": ["t"], "prompt": "{text}", **parameters})


def translate(**parameters):
    """One attempt at whole texts, nothing checked that the engine does not say."""
    return laddered(**{"split": "none", "checks": [], "ladder": [], **parameters})


def test_kept_and_rejected(tmp_path, chained):
    rows = [{"t": text} for text in ("ab", "ac", "ad", "ae", "12 + 3", "", None)]
    job = run_step(translate(), dataset(tmp_path / "in", rows), tmp_path / "out", m=chained)
    assert kept(job) == [
        {"t": "ab", "t_ar": "xy"},
        {"t": "12 + 3", "t_ar": "12 + 3"},
        {"t": "", "t_ar": ""},
        {"t": None, "t_ar": None},
    ]
    reasons = {row["t"]: row["reason"] for row in rejected(job)}
    assert reasons == {"ac": "translate: cut off", "ad": "translate: empty", "ae": "translate: chat tokens: <s>"}
    assert job.rows.reasons == {"translate: cut off": 1, "translate: empty": 1, "translate: chat tokens": 1}
    assert job.metrics["translations"]["copied"] == 3
    assert job.metrics["examples"]["translate: cut off"][0]["t"] == "ac"


def test_the_reason_names_the_column_where_several_are_translated(tmp_path, chained):
    rows = [{"q": "ab", "a": "ac"}, {"q": "ae", "a": "ac"}]
    step = translate(fields=["q", "a"])
    job = run_step(step, dataset(tmp_path / "in", rows), tmp_path / "out", m=chained)
    assert [row["reason"] for row in rejected(job)] == ["translate: cut off: in a", "translate: chat tokens: <s> in q"]
    assert job.rows.reasons == {"translate: cut off": 1, "translate: chat tokens": 1}


def test_budget_follows_the_source(tmp_path, chained):
    rows = [{"t": "c"}, {"t": "aac"}]
    job = run_step(translate(), dataset(tmp_path / "in", rows), tmp_path / "out", m=chained)
    assert [len(row["t_ar"]) for row in rejected(job)] == [2 * 1 + 32, 2 * 3 + 32]
    short = run_step(translate(max_new_tokens=5), dataset(tmp_path / "in2", rows), tmp_path / "out2", m=chained)
    assert [len(row["t_ar"]) for row in rejected(short)] == [5, 5]


def test_equal_texts_are_paid_once_across_shards(tmp_path, chained):
    rows = [{"t": "ab"}, {"t": "aab"}, {"t": "ab"}, {"t": "ab"}]
    job = run_step(translate(), dataset(tmp_path / "in", rows, shard_rows=2), tmp_path / "out", m=chained)
    assert job.usage.requests == 2
    assert job.metrics["translations"] == {
        "needed": 4,
        "generated": 2,
        "reused": {"step": 2, "memory": 0},
        "copied": 0,
        "saved_share": 0.5,
        "saved_tokens": 6,
        "saved_token_share": 0.5,
        "units": {"first": 3},  # per shard
        "faults": {},
    }
    assert [row["t_ar"] for row in kept(job)] == ["xy"] * 4
    assert job.usage.completion_tokens == 2 * 3  # x, y and the end


def test_paragraphs_keep_their_blank_lines(tmp_path, chained):
    rows = [{"t": "ab\n\n123\n \nb"}]
    job = run_step(translate(split="paragraph"), dataset(tmp_path / "in", rows), tmp_path / "out", m=chained)
    assert kept(job)[0]["t_ar"] == "xy\n\n123\n \nxy"


def test_several_fields_and_a_suffix(tmp_path, chained):
    rows = [{"t": "b", "u": "ab"}, {"t": "b", "u": "c"}]
    step = translate(fields=["t", "u"], suffix="_x")
    job = run_step(step, dataset(tmp_path / "in", rows), tmp_path / "out", m=chained)
    assert kept(job) == [{"t": "b", "u": "ab", "t_x": "xy", "u_x": "xy"}]
    assert job.rows.rejected == 1


def test_a_finished_shard_is_not_generated_again(tmp_path, chained):
    source = dataset(tmp_path / "in", [{"t": "ab"}, {"t": "b"}], shard_rows=1)
    run_step(translate(), source, tmp_path / "out", m=chained)
    before = (tmp_path / "out" / "generations.jsonl").read_bytes()
    nowhere = dataset(tmp_path / "no-model", [{"x": 1}])  # would fail if the engine were loaded
    job = run_step(translate(), source, tmp_path / "out", m=nowhere)
    assert job.usage.requests == 2 and job.rows.kept == 2
    assert (tmp_path / "out" / "generations.jsonl").read_bytes() == before
    assert not (tmp_path / "out" / "generations.index").exists()


def test_missing_batches_are_generated_in_their_old_company(tmp_path):
    """Cut the ledger inside a shard: the batches that are left to do are those of the uninterrupted run."""
    model = random_model(tmp_path / "m", ends=20)
    source = dataset(tmp_path / "in", [{"t": "word " * (i % 7 + 1) + str(i)} for i in range(60)], shard_rows=30)
    profile = Profile(device="cpu", threads=1, batch_size=8)
    step = translate(max_new_tokens=8)
    whole = run_step(step, source, tmp_path / "whole", profile, m=model)
    lines = (tmp_path / "whole" / "generations.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) == 8
    torn = tmp_path / "torn"
    torn.mkdir()
    (torn / "generations.jsonl").write_bytes(b"".join(lines[:6]) + lines[6][:40])
    again = run_step(step, source, torn, profile, m=model)
    assert (torn / "generations.jsonl").read_bytes().splitlines(keepends=True) == lines
    assert rejected(again) == rejected(whole) and kept(again) == kept(whole)
    assert again.usage == whole.usage


def test_ctrl_c_loses_only_the_batch_in_flight(tmp_path, chained, monkeypatch):
    from factory.store import Ledger

    source = dataset(tmp_path / "in", [{"t": "a" * i + "b"} for i in range(20)])
    profile = Profile(device="cpu", threads=1, batch_size=4)
    job = make_job(tmp_path / "out", source, profile, m=chained)
    append, calls = Ledger.append, []

    def interrupted(self, *entries):
        calls.append(entries)
        if len(calls) == 3:
            raise KeyboardInterrupt
        append(self, *entries)

    monkeypatch.setattr(Ledger, "append", interrupted)
    with pytest.raises(KeyboardInterrupt):
        translate().run(job)
    monkeypatch.undo()
    assert len((tmp_path / "out" / "generations.jsonl").read_text().splitlines()) == 2
    assert run_step(translate(), source, tmp_path / "out", profile, m=chained).rows.kept == 20
    assert len((tmp_path / "out" / "generations.jsonl").read_text().splitlines()) == 5


def test_one_bad_row_does_not_stop_the_others(tmp_path, chained):
    column = pa.StringArray.from_buffers(2, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"\xffb"))
    from factory.store import write_shard

    source = dataset(tmp_path / "in", [{"t": "b"}])
    write_shard(source.folder / "data" / "train-00000.parquet", pa.table({"t": column}))
    job = run_step(translate(), source, tmp_path / "out", m=chained)
    assert (job.rows.kept, job.rows.failed) == (1, 1)
    assert job.rows.reasons == {"translate: UnicodeDecodeError": 1}


def test_empty_dataset(tmp_path, chained):
    source = dataset(tmp_path / "in", [], schema=pa.schema([("t", pa.string())]))
    job = run_step(translate(), source, tmp_path / "out", m=chained)
    assert job.rows.rows_in == 0 and job.usage.requests == 0


def test_wrong_columns(tmp_path, chained):
    with pytest.raises(FactoryError, match="did you mean 'text'"):
        translate(fields=["txt"]).check_columns(["text", "n"])
    with pytest.raises(FactoryError, match="'t' is int64, text is needed"):
        run_step(translate(), dataset(tmp_path / "in", [{"t": 1}]), tmp_path / "out", m=chained)
    with pytest.raises(FactoryError, match="'t_ar' already"):
        run_step(translate(), dataset(tmp_path / "in2", [{"t": "b", "t_ar": ""}]), tmp_path / "out2", m=chained)


def test_parameters():
    with pytest.raises(ValidationError, match=r"no \{text\}"):
        translate(prompt="Translate!")
    context = {"language": {"source": "en", "target": "fa"}}
    step = Translate.model_validate({"model": "m", "fields": ["t"], "prompt": "{text}"}, context=context)
    assert step.check_columns(["t"]) == ["t", "t_fa"]
    assert step.parameters()["suffix"] == "_fa"
    assert translate().check_columns(["t"]) is None
    assert translate().uses_language


def test_ledger_lines_hold_counts(tmp_path, chained):
    job = run_step(translate(), dataset(tmp_path / "in", [{"t": "b"}, {"t": "c"}]), tmp_path / "out", m=chained)
    line = json.loads((job.out / "ledger.jsonl").read_text())
    assert line["rows"]["in"] == 2 and line["rows"]["rejected"] == 1 and line["usage"]["requests"] == 2


def test_an_interrupted_sampled_step_ends_as_a_whole_one(tmp_path, tmp_path_factory, monkeypatch):
    """Draws go by prompt, so that neither batches nor what was done before change them."""
    from factory.rows.generation import Generations

    model = random_model(tmp_path_factory.mktemp("sampled"), ends=60)
    step = translate(sampling={"temperature": 0.9, "top_k": 40}, max_new_tokens=8)
    rows = [{"t": f"Row {n} {'word ' * (n % 5)}"} for n in range(24)]
    source = dataset(tmp_path / "in", rows, shard_rows=12)
    whole = run_step(step, source, tmp_path / "whole", m=model)
    real, batches = Generations._append, []

    def interrupted(self, line):
        real(self, line)
        batches.append(line)
        if len(batches) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Generations, "_append", interrupted)
    with pytest.raises(KeyboardInterrupt):
        step.run(make_job(tmp_path / "torn", source, Profile(device="cpu", threads=1, batch_size=3), m=model))
    monkeypatch.setattr(Generations, "_append", real)
    torn = run_step(step, source, tmp_path / "torn", m=model)  # with batches of another size
    assert kept(torn) == kept(whole) and rejected(torn) == rejected(whole)
    assert kept(whole) or rejected(whole)
    others = step.model_copy(update={"sampling": step.sampling.model_copy(update={"seed": 1})})
    other = run_step(others, source, tmp_path / "other", m=model)
    assert kept(other) + rejected(other) != kept(whole) + rejected(whole)


def test_a_model_without_a_chat_template_is_asked_plainly(tmp_path, tmp_path_factory):
    model = chain_model(tmp_path_factory.mktemp("plain"), CHAIN, template=None)
    source = dataset(tmp_path / "in", [{"t": "ab"}])
    with pytest.raises(FactoryError, match=r"no chat template.*template: plain"):
        run_step(translate(), source, tmp_path / "refused", m=model)
    job = run_step(translate(template="plain"), source, tmp_path / "out", m=model)
    assert [row["t_ar"] for row in kept(job)] == ["xy"]
