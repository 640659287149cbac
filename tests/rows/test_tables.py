"""Rows as columns of one type, and sources that write them into shards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.errors import FactoryError
from factory.graph.sources import local_dataset, write_rows
from factory.refs import SplitSlice
from factory.rows.reading import Files
from factory.rows.tables import in_shards, part, tables
from factory.store import Dataset
from tests.support import make_job

MANY = [{"a": f"t{n}", "n": n} for n in range(12_000)]  # more than a shard


def lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def load(path: Path, out: Path, split: str = "train", names: list[str] | None = None) -> Dataset:
    local_dataset(path, split, names).run(make_job(out, None))
    return Dataset(out)


@pytest.mark.parametrize(
    ("late", "kinds"),
    [
        ({"a": "z", "n": 2.5}, {"a": "string", "n": "double"}),
        ({"a": 5, "n": 1}, {"a": "string", "n": "int64"}),
        ({"a": "z", "more": [1]}, {"a": "string", "n": "int64", "more": "list<element: int64>"}),
        ({"n": None}, {"a": "string", "n": "int64"}),
    ],
)
def test_a_value_that_comes_late_finds_its_column(tmp_path: Path, late: dict[str, Any], kinds: dict[str, str]) -> None:
    data = load(lines(tmp_path / "rows.jsonl", [*MANY, late]), tmp_path / "out")
    for path in data.shards():
        schema = pq.read_schema(path)
        assert {field.name: str(field.type) for field in schema} == kinds
    *_, last = data.rows()
    wanted = {name: late.get(name) for name in kinds}
    assert last == {**wanted, "a": None if wanted["a"] is None else str(wanted["a"])}
    assert data.num_rows() == 12_001 and len(data.shards()) == 2


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('{"a": "x", "n": "no number"}', r"rows\.jsonl:12001: column 'n': 'no number' does not go with the int64"),
        ('{"a": ["x"]}', r"rows\.jsonl:12001: column 'a': \['x'\] does not go with the string"),
        ('{"a": "\\ud83d"}', r"rows\.jsonl:12001: column 'a'"),
        ('{"a"', r"rows\.jsonl:12001: no JSON.*mend the row"),
    ],
)
def test_a_row_that_fits_nowhere_is_named_and_finished_shards_stay(tmp_path: Path, row: str, says: str) -> None:
    path = lines(tmp_path / "rows.jsonl", MANY)
    with path.open("a") as file:
        file.write(row + "\n")
    with pytest.raises(FactoryError, match=says):
        load(path, tmp_path / "out")
    assert Dataset(tmp_path / "out").num_rows() == 10_000


def test_csv_cells_mean_numbers_and_truth_values(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("i,f,b,s,none,gap\n1,1.5,True,x,,7\n2,2,false,12,NA,\n")
    data = load(tmp_path / "rows.csv", tmp_path / "out")
    assert list(data.rows()) == [
        {"i": 1, "f": 1.5, "b": True, "s": "x", "none": None, "gap": 7},
        {"i": 2, "f": 2.0, "b": False, "s": "12", "none": None, "gap": None},
    ]


def test_large_numbers_and_objects_of_many_shapes(tmp_path: Path) -> None:
    rows = [{"n": 2**70, "m": {"a": 1}}, {"n": 1, "m": {"b": "x"}}]
    data = load(lines(tmp_path / "rows.jsonl", rows), tmp_path / "out")
    assert list(data.rows()) == [{"n": 2.0**70, "m": {"a": 1, "b": None}}, {"n": 1.0, "m": {"a": None, "b": "x"}}]


def test_types_of_parquet_stay(tmp_path: Path) -> None:
    table = pa.table({"n": pa.array([1], pa.int8()), "d": pa.array(["x"]).dictionary_encode(), "b": [b"\0"]})
    pq.write_table(table, tmp_path / "rows.parquet")
    schema = load(tmp_path / "rows.parquet", tmp_path / "out").schema()
    assert [str(field.type) for field in schema] == ["int8", "string", "binary"]


def test_files_of_a_folder_share_their_columns(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    pq.write_table(pa.table({"a": ["x"], "n": pa.array([1], pa.int32())}), folder / "1.parquet")
    pq.write_table(pa.table({"n": pa.array([2], pa.int64()), "b": [True]}), folder / "2.parquet")
    rows = [{"a": "x", "n": 1, "b": None}, {"a": None, "n": 2, "b": True}]
    assert list(load(folder, tmp_path / "out").rows()) == rows
    pq.write_table(pa.table({"a": [1.5]}), folder / "3.parquet")
    with pytest.raises(FactoryError, match=r"3\.parquet:1: column 'a': double here does not go with the string"):
        load(folder, tmp_path / "other")


@pytest.mark.parametrize("split", ["train", "train[3:11000]"])
def test_a_source_goes_on_where_it_was_interrupted(tmp_path: Path, split: str) -> None:
    path = lines(tmp_path / "rows.jsonl", [*MANY, {"a": "z", "n": 0.5}])
    whole = load(path, tmp_path / "whole", split)
    source, wanted = Files(path), SplitSlice.parse(split)

    def torn(skip: int) -> Iterator[pa.Table]:
        yield from islice(part(tables(source.pieces(10_000)), skip, wanted.stop), 1)
        raise KeyboardInterrupt

    (tmp_path / "out").mkdir()
    with pytest.raises(KeyboardInterrupt):
        write_rows(make_job(tmp_path / "out", None), torn, wanted, "rows")
    resumed = load(path, tmp_path / "out", split)
    assert list(resumed.rows()) == list(whole.rows()) and resumed.schema() == whole.schema()


def test_parts_and_shards_keep_every_row() -> None:
    pieces = [pa.table({"n": list(range(start, start + 7))}) for start in range(0, 70, 7)]
    for start, stop in ((0, None), (5, 6), (13, 50), (69, 99), (70, None)):
        shards = list(in_shards(part(pieces, start, stop), 10))
        found = [n for table in shards for n in table["n"].to_pylist()]
        assert found == list(range(70))[start:stop]
        assert all(table.num_rows == 10 for table in shards[:-1])
