"""How much of a benchmark stands in training data: what is planted, and no more; short texts are not looked for."""

from __future__ import annotations

import pyarrow as pa
import pytest

from factory.evaluate.base import DETAILS
from factory.evaluate.found import Found, look_for
from factory.evaluate.samples import Part, Samples
from factory.store import write_shard

LONG = "in which year did the old river {i} leave its bed near the seven bridges of the town number {i}"


@pytest.fixture
def evaluation(tmp_path):
    """Two subtasks of ten long samples, one with two short ones besides."""
    details = [{"subtask": name, "question": LONG.format(i=f"{name}{i}")} for name in "ab" for i in range(10)]
    details += [{"subtask": "b", "question": f"how many {i}"} for i in range(2)]
    folder = tmp_path / "evaluation"
    write_shard(folder / DETAILS, pa.Table.from_pylist(details))
    parts = {name: Part.of_values([str(i) for i in range(10)], [1.0] * 10) for name in "ab"}
    Samples(parts, {"acc": [["a", "b"]], "a": [["a"]], "b": [["b"]]}).write(folder)
    return folder


def rows(tmp_path, name, texts):
    path = tmp_path / name / "data" / "train-00000.parquet"
    write_shard(path, pa.Table.from_pylist([{"messages": [{"role": "user", "content": text}]} for text in texts]))
    return [path]


def test_planted_samples_are_found_whatever_stands_around_them(evaluation, tmp_path):
    planted = [f"Answer this: {LONG.format(i=f'a{i}').upper()}! Thanks." for i in range(3)]
    shards = [rows(tmp_path, "one", ["another text altogether"] * 50 + planted), rows(tmp_path, "two", planted[:1])]
    found = look_for(evaluation, ["question"], shards)
    assert found == Found({"a": 10, "b": 10}, {"a": 3}, 54, True)
    assert found.shares(evaluation) == {"acc": 15, "a": 30, "b": 0}


def test_what_is_kept_is_read_back(tmp_path):
    found = Found({"": 4}, {"": 1}, 9, False)
    (tmp_path / "found.json").write_bytes(found.dump())
    assert Found.load(tmp_path / "found.json") == found
    assert Found.load(tmp_path / "none.json") is None
    assert found.share(["bleu"]) == 25, "a suite without subtasks has one share"


def test_nothing_is_said_where_all_samples_are_short(tmp_path):
    write_shard(tmp_path / DETAILS, pa.Table.from_pylist([{"question": "how many"}]))
    Samples.pooled({"acc": Part.of_values(["1"], [1.0])}).write(tmp_path)
    found = look_for(tmp_path, ["question"], [rows(tmp_path, "data", ["how many are there"])])
    assert found.shares(tmp_path) == {}


def test_a_large_dataset_is_read_in_part_and_says_so(evaluation, tmp_path, monkeypatch):
    monkeypatch.setattr("factory.evaluate.found.MOST_ROWS", 5)
    first, second = rows(tmp_path, "one", ["x"] * 6), rows(tmp_path, "two", ["x"] * 6)
    assert look_for(evaluation, ["question"], [first + second]).whole is False
    assert look_for(evaluation, ["question"], [first, second]).rows == 12
