from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.errors import FactoryError
from factory.steps.dedup import Dedup
from tests.support import dataset, kept, rejected, run_step


def test_the_first_is_kept_across_shards(tmp_path):
    rows = [{"id": i, "t": text} for i, text in enumerate(["a", "b", "a", None, "c", "b", None])]
    job = run_step(Dedup(on=["t"]), dataset(tmp_path / "in", rows, shard_rows=2), tmp_path / "out")
    assert [row["id"] for row in kept(job)] == [0, 1, 3, 4]
    assert [(row["id"], row["reason"]) for row in rejected(job)] == [(i, "dedup: seen before") for i in (2, 5, 6)]
    assert not (job.out / "keys").exists()


def test_several_columns_and_other_types(tmp_path):
    rows = [{"a": "x", "b": [1, 2]}, {"a": "x", "b": [1]}, {"a": "x", "b": [1, 2]}]
    job = run_step(Dedup(on=["a", "b"]), dataset(tmp_path / "in", rows), tmp_path / "out")
    assert job.rows.kept == 2


def test_normalized(tmp_path):
    rows = [{"t": text} for text in ("Hello, World!", "hello world", "أَهْلاً", "اهلا", "other")]
    source = dataset(tmp_path / "in", rows)
    assert run_step(Dedup(on=["t"]), source, tmp_path / "exact").rows.kept == 5
    assert run_step(Dedup(on=["t"], normalize=True), source, tmp_path / "normalized").rows.kept == 3


def test_a_shard_worked_on_twice_is_no_duplicate_of_itself(tmp_path):
    rows = [{"t": str(i % 7)} for i in range(30)]
    source = dataset(tmp_path / "in", rows, shard_rows=10)
    whole = run_step(Dedup(on=["t"]), source, tmp_path / "whole")
    torn = tmp_path / "torn"
    with pytest.MonkeyPatch.context() as patch:
        from factory.store import Ledger

        append = Ledger.append

        def killed(self, entry):
            if entry["shard"] == 1:
                raise KeyboardInterrupt
            append(self, entry)

        patch.setattr(Ledger, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            run_step(Dedup(on=["t"]), source, torn)
    assert [json.loads(line)["shard"] for line in (torn / "ledger.jsonl").read_text().splitlines()] == [0]
    again = run_step(Dedup(on=["t"]), source, torn)
    assert kept(again) == kept(whole) and rejected(again) == rejected(whole)


@settings(max_examples=20, deadline=None)
@given(values=st.lists(st.sampled_from("abcdef"), max_size=30), size=st.integers(1, 10))
def test_same_as_a_dict(tmp_path_factory, values, size):
    folder = tmp_path_factory.mktemp("dedup")
    source = dataset(
        folder / "in", [{"t": v} for v in values], schema=pa.schema([("t", pa.string())]), shard_rows=size
    )
    job = run_step(Dedup(on=["t"]), source, folder / "out")
    assert [row["t"] for row in kept(job)] == list(dict.fromkeys(values))


def test_portions_give_what_one_sort_gives(tmp_path, monkeypatch):
    source = dataset(tmp_path / "in", [{"t": str(i * i % 41)} for i in range(200)], shard_rows=30)
    whole = run_step(Dedup(on=["t"]), source, tmp_path / "whole")
    monkeypatch.setattr("factory.steps.dedup.SORTED_AT_ONCE", 13)
    assert kept(run_step(Dedup(on=["t"]), source, tmp_path / "portions")) == kept(whole)
    assert whole.rows.kept == len({i * i % 41 for i in range(200)})


def test_rows_that_cannot_be_read_fail_alone(tmp_path):
    from factory.store import write_shard

    offsets, data = pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0"), pa.py_buffer(b"\xffb\xff")
    source = dataset(tmp_path / "in", [{"t": "b"}])
    write_shard(
        source.folder / "data" / "train-00000.parquet", pa.table({"t": pa.StringArray.from_buffers(3, offsets, data)})
    )
    job = run_step(Dedup(on=["t"]), source, tmp_path / "out")
    assert (job.rows.kept, job.rows.failed) == (1, 2)
    assert job.rows.reasons == {"dedup: UnicodeDecodeError": 2}


def test_unknown_column():
    with pytest.raises(FactoryError, match="did you mean 'text'"):
        Dedup(on=["txt"]).check_columns(["text"])


STORY = "the small house near the green river where seven birds sing every morning before the long day begins again"


def edited(text: str, *places: int) -> str:
    """The text with other words at these places."""
    return " ".join(f"other{i}" if i in places else word for i, word in enumerate(text.split()))


def test_near_duplicates_are_found_and_named(tmp_path):
    changed = [edited(STORY, 18), edited(STORY, 3, 9, 15)]
    texts = [STORY, changed[0], "something else", STORY.upper() + "!", changed[1], "something ELSE."]
    rows = [{"t": text} for text in texts]
    source = dataset(tmp_path / "in", rows, shard_rows=4)
    job = run_step(Dedup.model_validate({"on": ["t"], "near": {}}), source, tmp_path / "out")
    assert [row["t"] for row in kept(job)] == [texts[0], texts[2], texts[4]]
    reasons = [row["reason"] for row in rejected(job)]
    assert reasons[0].startswith("dedup: near an earlier row: 0.") and reasons[0].endswith("like row 0")
    assert reasons[1:] == [f"dedup: near an earlier row: 1.00 like row {row}" for row in (0, 2)]
    assert not (job.out / "keys").exists()


def test_the_threshold_is_the_jaccard_similarity(tmp_path):
    """Pairs whose true similarity is known: those well above the threshold go, those well below stay."""
    import random

    from factory.text.words import words

    def grams(text: str) -> set[tuple[str, ...]]:
        known = words(text)
        return {tuple(known[i : i + 3]) for i in range(len(known) - 2)}

    chance = random.Random(3)
    pairs = []
    for number in range(60):
        text = " ".join(f"w{chance.randrange(10**6)}" for _ in range(90))
        pairs.append((text, edited(text, *chance.sample(range(90), 1 + number % 12))))
    rows = [{"t": text} for pair in pairs for text in pair]
    step = Dedup.model_validate({"on": ["t"], "near": {"threshold": 0.7, "ngram": 3, "num_perm": 256}})
    left = {row["t"] for row in kept(run_step(step, dataset(tmp_path / "in", rows, shard_rows=17), tmp_path / "out"))}
    true = {b: len(grams(a) & grams(b)) / len(grams(a) | grams(b)) for a, b in pairs}
    assert {b for b, share in true.items() if share < 0.6} <= left
    assert not {b for b, share in true.items() if share > 0.8} & left
    assert all(a in left for a, _ in pairs)


def test_shards_and_portions_do_not_change_what_is_near(tmp_path, monkeypatch):
    texts = [edited(STORY, i % 5, i % 7) for i in range(60)]
    step = Dedup.model_validate({"on": ["t"], "near": {"threshold": 0.6}})
    rows = [{"t": text} for text in texts]
    whole = run_step(step, dataset(tmp_path / "one", rows), tmp_path / "whole")
    monkeypatch.setattr("factory.rows.minhash.SORTED_AT_ONCE", 9)
    monkeypatch.setattr("factory.rows.minhash.PAIRS_AT_ONCE", 4)
    parts = run_step(step, dataset(tmp_path / "many", rows, shard_rows=7), tmp_path / "parts")
    assert kept(parts) == kept(whole) and rejected(parts) == rejected(whole)
    assert 1 < whole.rows.kept < 35


def test_near_fails_unreadable_rows_alone(tmp_path):
    from factory.store import write_shard

    offsets, data = pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0"), pa.py_buffer(b"\xffb\xff")
    source = dataset(tmp_path / "in", [{"t": "b"}])
    table = pa.table({"t": pa.StringArray.from_buffers(3, offsets, data)})
    write_shard(source.folder / "data" / "train-00000.parquet", table)
    job = run_step(Dedup.model_validate({"on": ["t"], "near": {}}), source, tmp_path / "out")
    assert (job.rows.kept, job.rows.failed) == (1, 2)


def test_an_empty_dataset_has_no_duplicates(tmp_path):
    source = dataset(tmp_path / "in", [], schema=pa.schema([("t", pa.string())]))
    for near in (None, {}):
        job = run_step(Dedup.model_validate({"on": ["t"], "near": near}), source, tmp_path / f"out-{near}")
        assert job.rows.rows_in == 0
