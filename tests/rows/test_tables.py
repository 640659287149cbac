"""Rows as columns of one type, and sources that write them into shards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from factory.errors import FactoryError
from factory.graph.sources import local_dataset, write_rows
from factory.refs import SplitSlice
from factory.rows.formats import Piece
from factory.rows.reading import Files
from factory.rows.tables import Kinds, Rewind, in_shards, part, tables
from factory.store import Dataset, write_shard
from factory.store.kinds import is_text, joined, plain
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
        ({"a": "z", "n": "one"}, {"a": "string", "n": "string"}),
        ({"a": ["z"], "n": 1}, {"a": "extension<arrow.json>", "n": "int64"}),
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
    assert last == {**wanted, "a": "5" if wanted["a"] == 5 else wanted["a"]}
    first = next(data.rows())
    assert first["a"] == "t0" and first["n"] == ("0" if kinds["n"] == "string" else 0)
    assert data.num_rows() == 12_001 and len(data.shards()) == 2


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('{"a": "\\ud83d"}', r"rows\.jsonl:12001: column 'a': '\\ud83d' cannot be stored"),
        ('{"a": ["\\ud83d"]}', r"rows\.jsonl:12001: column 'a': .* cannot be stored"),
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


def test_cells_of_a_csv_file_are_the_text_that_is_written(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("i,f,b,s,none,gap\n007,1.50,True,2020-01-01,,7\n2,2e3,false, 12 ,NA,null\n")
    data = load(tmp_path / "rows.csv", tmp_path / "out")
    assert list(data.rows()) == [
        {"i": "007", "f": "1.50", "b": "True", "s": "2020-01-01", "none": "", "gap": "7"},
        {"i": "2", "f": "2e3", "b": "false", "s": " 12 ", "none": "NA", "gap": "null"},
    ]


def test_large_numbers(tmp_path: Path) -> None:
    rows: list[Any] = [{"exact": 2**70, "not": 2**70 + 1, "id": 2**60}, {"exact": 1, "not": 1, "id": 0.5}]
    data = load(lines(tmp_path / "rows.jsonl", rows), tmp_path / "out")
    assert list(data.rows()) == [
        {"exact": 2.0**70, "not": str(2**70 + 1), "id": str(2**60)},
        {"exact": 1.0, "not": "1", "id": "0.5"},
    ]


@pytest.mark.parametrize("late", [1, 9_000, 15_000])
def test_values_of_several_kinds_are_kept_as_they_were_written(tmp_path: Path, late: int) -> None:
    """Wherever the odd ones stand: the number 1 among floats is not 1.0 as a text, a missing key is not a null."""
    odd = {"n": "x", "m": {"b": [{}]}, "turns": [{"role": "user", "content": "hi", "weight": 0}], "id": 2**60}
    usual = {"n": 1, "m": {"a": 1}, "turns": [{"role": "user", "content": "hi"}], "id": 1}
    rows = [{**usual, "n": 0.5, "id": 0.5} if n % 3 else usual for n in range(20_000)]
    rows[late] = odd
    path = lines(tmp_path / "rows.jsonl", rows)
    job = make_job(tmp_path / "out", None)
    local_dataset(path, "train").run(job)
    data = Dataset(tmp_path / "out")
    texts = [{**row, "n": json.dumps(row["n"]), "id": json.dumps(row["id"])} for row in rows]
    texts[late] = {**odd, "n": "x", "id": str(2**60)}
    assert list(data.rows()) == texts
    assert {str(kind) for kind in data.schema().types} == {"string", "extension<arrow.json>"}
    assert sorted(job.notes) == [
        "column 'id': text and others: kept as text",
        "column 'm': objects or values of several kinds: kept as JSON",
        "column 'n': text and others: kept as text",
        "column 'turns': objects or values of several kinds: kept as JSON",
    ]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(values=st.lists(VALUES, min_size=1, max_size=6), batch=st.integers(1, 3))
@example(values=[[None, {}, {"": False}]], batch=1)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_values_are_they_are_found_again(tmp_path: Path, values: list[Any], batch: int) -> None:
    kinds = Kinds()
    pieces = [
        Piece("x", [{"v": v} for v in values[i : i + batch]], [*range(batch)]) for i in range(0, len(values), batch)
    ]
    for _ in range(3):
        try:
            found = list(in_shards(tables(pieces, kinds), 2))
            break
        except Rewind:
            continue
    whole = joined(found)
    write_shard(tmp_path / "rows.parquet", whole)
    read = plain(pq.read_table(tmp_path / "rows.parquet")["v"])
    kind = whole.schema.field("v").type
    if is_text(kind) and not pa.types.is_null(kind):
        assert read == [v if isinstance(v, str | None) else json.dumps(v) for v in values]
    else:
        assert read == values


def test_types_of_parquet_stay(tmp_path: Path) -> None:
    table = pa.table({"n": pa.array([1], pa.int8()), "d": pa.array(["x"]).dictionary_encode(), "b": [b"\0"]})
    pq.write_table(table, tmp_path / "rows.parquet")
    schema = load(tmp_path / "rows.parquet", tmp_path / "out").schema()
    assert [str(field.type) for field in schema] == ["int8", "string", "binary"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.list_view(pa.string()), [["a"], ["b"], ["c", "d"]]),
        (pa.large_list_view(pa.list_view(pa.int64())), [[[1], [2]], [[3]], []]),
        (pa.struct([("x", pa.list_view(pa.string()))]), [{"x": ["a"]}, {"x": ["b", "c"]}]),
        (pa.list_(pa.large_string()), [["a"], None, ["b"]]),
        (pa.list_(pa.string_view()), [["a"], ["b"]]),
        (pa.run_end_encoded(pa.int32(), pa.string()), ["a", "a", "b"]),
        (pa.map_(pa.string(), pa.int64()), [{"k": 1}, {}, {"j": 2, "k": 3}]),
        (pa.struct([("x", pa.list_(pa.map_(pa.string(), pa.string())))]), [{"x": [{"k": "v"}]}, {"x": []}]),
    ],
)
def test_types_that_datasets_lacks_keep_their_values(tmp_path: Path, kind: pa.DataType, values: list[Any]) -> None:
    with pa.OSFile(str(tmp_path / "rows.arrow"), "wb") as file, pa.ipc.new_file(file, pa.schema([("v", kind)])) as to:
        encoded = pa.types.is_run_end_encoded(kind)
        to.write_table(pa.table({"v": pc.run_end_encode(pa.array(values)) if encoded else pa.array(values, kind)}))
    assert [row["v"] for row in load(tmp_path / "rows.arrow", tmp_path / "out").rows()] == values
    written = datasets.Dataset.from_parquet(str(next((tmp_path / "out").rglob("*.parquet"))), cache_dir=str(tmp_path))
    assert written["v"][:] == values


def test_files_of_a_folder_share_their_columns(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    pq.write_table(pa.table({"a": ["x"], "n": pa.array([1], pa.int32())}), folder / "1.parquet")
    pq.write_table(pa.table({"n": pa.array([2], pa.int64()), "b": [True]}), folder / "2.parquet")
    rows = [{"a": "x", "n": 1, "b": None}, {"a": None, "n": 2, "b": True}]
    assert list(load(folder, tmp_path / "out").rows()) == rows
    pq.write_table(pa.table({"a": [1.5]}), folder / "3.parquet")
    assert [row["a"] for row in load(folder, tmp_path / "other").rows()] == ["x", None, "1.5"]
    pq.write_table(pa.table({"a": [b"x"]}), folder / "4.parquet")
    with pytest.raises(FactoryError, match=r"4\.parquet:1: column 'a': binary here does not go with the string"):
        load(folder, tmp_path / "third")


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
        write_rows(make_job(tmp_path / "out", None), torn, wanted, "rows", Kinds())
    resumed = load(path, tmp_path / "out", split)
    assert list(resumed.rows()) == list(whole.rows()) and resumed.schema() == whole.schema()


def test_parts_and_shards_keep_every_row() -> None:
    pieces = [pa.table({"n": list(range(start, start + 7))}) for start in range(0, 70, 7)]
    for start, stop in ((0, None), (5, 6), (13, 50), (69, 99), (70, None)):
        shards = list(in_shards(part(pieces, start, stop), 10))
        found = [n for table in shards for n in table["n"].to_pylist()]
        assert found == list(range(70))[start:stop]
        assert all(table.num_rows == 10 for table in shards[:-1])
