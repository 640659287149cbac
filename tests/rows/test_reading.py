"""Rows of files in every format, as they are packed, torn and mixed in practice."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.errors import FactoryError, UsageError
from factory.rows.formats import KINDS, Unreadable, read
from factory.rows.reading import Files, Rows

ROWS = [{"a": "one", "b": "واحد"}, {"a": "two, or", "b": "«اثنان»"}, {"a": 'say "three"', "b": "ثلاثة"}]
TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\t\0\v\f\x1c\x1d\x1e\x85\u2028\u2029\ufeff"), min_size=1
)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A file as other tools write it; the name says the format and how it is packed."""
    name = path.name.removesuffix(".gz").removesuffix(".zst")
    plain = path.with_name(f"plain-{name}")
    table = pa.Table.from_pylist(rows)
    match name.rpartition(".")[2]:
        case "jsonl" | "ndjson":
            plain.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        case "json":
            plain.write_text(json.dumps(rows), "utf-8")
        case "csv":
            with plain.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        case "tsv":
            lines = ["\t".join(rows[0]), *("\t".join(row[name] for name in rows[0]) for row in rows)]
            plain.write_text("\n".join(lines) + "\n", "utf-8")
        case "txt":
            plain.write_text("".join(row["text"] + "\n" for row in rows), "utf-8")
        case "parquet":
            pq.write_table(table, plain)
        case "arrow":
            with pa.OSFile(str(plain), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
                stream.write_table(table)
    content = plain.read_bytes()
    plain.unlink()
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content))
    elif path.suffix == ".zst":
        with pa.output_stream(str(path), compression="zstd") as packed:
            packed.write(content)
    else:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
@pytest.mark.parametrize("form", [form for form in KINDS if form != "txt"])
def test_the_same_rows_in_every_format_are_read_back_the_same(tmp_path: Path, form: str, packed: str) -> None:
    path = write(tmp_path / f"rows.{form}{packed}", ROWS)
    assert list(Rows(str(path))) == ROWS
    assert Files(path).count() == len(ROWS)
    assert list(Rows(str(path.rename(tmp_path / f"ROWS.{form.upper()}{packed}")))) == ROWS


@given(rows=st.lists(st.fixed_dictionaries({"a": TEXT, "b": TEXT}), min_size=1, max_size=4))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_texts_are_the_formats_agree(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    for form in ("jsonl", "json", "csv", "tsv", "parquet", "arrow"):
        assert list(Rows(str(write(tmp_path / f"rows.{form}", rows)))) == rows, form
    texts = [{"text": row["a"]} for row in rows]
    assert list(Rows(str(write(tmp_path / "rows.txt.zst", texts)))) == texts


def test_arrow_files_and_saved_datasets_are_read(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(ROWS)
    with pa.OSFile(str(tmp_path / "file.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as written:
        written.write_table(table)
    assert list(Rows(str(tmp_path / "file.arrow"))) == ROWS
    saved = datasets.Dataset.from_list(ROWS)
    saved.save_to_disk(str(tmp_path / "one"), num_shards=2)
    datasets.DatasetDict({"train": saved, "test": saved.select([1])}).save_to_disk(str(tmp_path / "two"))
    assert list(Rows(str(tmp_path / "one"))) == ROWS and Files(tmp_path / "one").count() == 3
    assert list(Rows(str(tmp_path / "two"), "test")) == ROWS[1:2] and Files(tmp_path / "two", "test").count() == 1
    with pytest.raises(UsageError, match=r"no split 'dev' \(it has: train, test\)"):
        list(Rows(str(tmp_path / "two"), "dev"))


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        ("bom.jsonl", '\ufeff{"a": 1}\r\n\r\n{"a": 2}', [{"a": 1}, {"a": 2}]),
        ("array.jsonl", '[{"a": 1},\n {"a": 2}]', [{"a": 1}, {"a": 2}]),
        ("lines.json", '\n{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ("object.json", '{\n "a": {"b": [1]}\n}\n', [{"a": {"b": [1]}}]),
        ("texts.json", '["x", "[y]"]', [{"text": "x"}, {"text": "[y]"}]),
        ("bom.csv", "\ufeffa,b\r\nx,\r\n\r\ny,z\r\n", [{"a": "x", "b": ""}, {"a": "y", "b": "z"}]),
        ("names.csv", ",a,a\n1,2,3\n", [{"Unnamed: 0": "1", "a": "2", "a.1": "3"}]),
        ("cells.csv", 'a,b\n"x\r\ny",""""\n', [{"a": "x\r\ny", "b": '"'}]),
        ("marks.tsv", 'a\tb\n"x\ty"\n', [{"a": '"x', "b": 'y"'}]),
        ("text.txt", "\ufeffx\r\n\ny\u2028z", [{"text": "x"}, {"text": ""}, {"text": "y\u2028z"}]),
    ],
)
def test_what_editors_and_spreadsheets_write(tmp_path: Path, name: str, content: str, rows: list[Any]) -> None:
    (tmp_path / name).write_bytes(content.encode())
    assert list(Rows(str(tmp_path / name))) == rows


@pytest.mark.parametrize(
    ("name", "content", "broken", "line"),
    [
        ("rows.jsonl", b'{"a": 1}\n\n{"a":\n{"a": 2}\n', "no JSON: Expecting value", 3),
        ("rows.jsonl", b'{"a": 1}\n[2]\n{"a": 2}\n', "not a JSON object", 2),
        ("rows.jsonl", b'{"a": 1}\n{"a": "\xe9"}\n{"a": 2}\n', "not UTF-8: byte 0xe9", 2),
        ("rows.jsonl", b'{"a": 1}\n' + b"[" * 100_000 + b'\n{"a": 2}\n', "no JSON", 2),
        ("rows.json", b'{"a": \n{"a": 1}\n{"a": 2}\n', "no JSON", 1),
        ("rows.csv", b'a\n"x\ny"\nq,r\nz\n', "more fields than the header has", 4),
        ("rows.csv", b'a,b\nx,y\nz,w\n"q,r\ns,t\n', "never closed", 4),
        ("rows.txt", b"x\n\xff\ny\n", "not UTF-8: byte 0xff", 2),
    ],
)
def test_a_broken_row_is_one_row(tmp_path: Path, name: str, content: bytes, broken: str, line: int) -> None:
    (tmp_path / name).write_bytes(content)
    (piece,) = read(tmp_path / name, 100)
    ((place, row),) = [(p, r) for p, r in zip(piece.places, piece.rows, strict=True) if isinstance(r, Unreadable)]
    assert len(piece.rows) == 3 and place == line and broken in row.error


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("rows.parquet", b"a,b\n", "cannot read: Parquet"),
        ("rows.parquet", b"", "cannot read"),
        ("rows.arrow", b"hello, world", "cannot read"),
        ("rows.jsonl.gz", b'{"a": 1}\n', "cannot read"),
        ("rows.csv.zst", b"a,b\n", "cannot read"),
        ("rows.json", b'[{"a": 1}, {"a": ', r"not closed"),
        ("rows.json", b'[{"a": 1}, {"a" 2}, {"a": 3, "b": "a long text"}]', "cannot read: Expecting ':'"),
        ("rows.json", b'[{"a": 1}]]', "more after the end"),
        ("rows.csv", b"\xe9,b\nx,y\n", "the header: not UTF-8"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FactoryError, match=rf"{name}: .*{says}.*\(is the file whole"):
        list(Rows(str(tmp_path / name)))


@pytest.mark.parametrize("packed", ["gz", "zst"])
def test_of_a_file_that_ends_too_early_the_place_is_named(tmp_path: Path, packed: str) -> None:
    path = write(tmp_path / f"rows.jsonl.{packed}", [{"a": f"text {i * i * 31 % 9973}"} for i in range(30_000)])
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(FactoryError, match=r"cannot read past row [\d,]{5,}: Truncated"):
        list(Rows(str(path)))
    assert Files(path).count() is None


def test_a_long_array_is_read_element_by_element(tmp_path: Path) -> None:
    rows = [{"a": f"{i}]", "b": [{"c": "x" * (i % 3000)}]} for i in range(2_000)]
    (tmp_path / "rows.json").write_text(json.dumps(rows, indent=1))
    assert list(Rows(str(tmp_path / "rows.json"))) == rows


def test_folders_hold_files_of_one_kind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no files to read"):
        Rows(str(tmp_path))
    (tmp_path / "deep.jsonl").mkdir()
    write(tmp_path / "b.jsonl", ROWS[1:2])
    write(tmp_path / "deep.jsonl" / "c.json.zst", ROWS[2:])
    write(tmp_path / ".cache.jsonl", ROWS)
    (tmp_path / "README.md").write_text("rows")
    (tmp_path / "deep.jsonl" / "dataset_info.json").write_text("{}")
    write(tmp_path / "a.ndjson.gz", ROWS[:1])
    assert list(Rows(str(tmp_path))) == ROWS
    write(tmp_path / "d.csv", ROWS)
    with pytest.raises(UsageError, match=r"several kinds: .*d\.csv"):
        Rows(str(tmp_path))


def test_what_cannot_be_read_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "rows.docx").touch()
    for name, says in (("rows.docx", r"cannot read \.docx .*jsonl.*\.zst"), ("gone.jsonl", "no such file")):
        with pytest.raises(UsageError, match=says):
            Rows(str(tmp_path / name))
    with pytest.raises(UsageError, match="for csv and tsv"):
        assert Files(write(tmp_path / "rows.jsonl", ROWS), columns=["a"]).paths
    assert next(Files(write(tmp_path / "rows.csv", ROWS), columns=["x", "y"]).pieces(9)).rows[0] == {
        "x": "a",
        "y": "b",
    }


def test_lines_are_counted_and_what_cannot_be_told_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "open.jsonl").write_text('{"a": 1}\n{"a": 2}')  # no line break at the end
    assert Files(tmp_path / "open.jsonl").count() == 2
    write(tmp_path / "rows.csv", ROWS)
    assert (Files(tmp_path / "rows.csv").count(), Files(tmp_path / "rows.csv", columns=["a", "b"]).count()) == (3, 4)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    (tmp_path / "object.json").write_text('{"rows": []}')
    for name in ("broken.parquet", "object.json", "gone.csv"):
        assert Files(tmp_path / name).count() is None


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.parquet", "rows.json.gz", "rows.arrow", "rows.txt"])
def test_a_pointer_of_git_lfs_is_no_file_of_rows(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 9\n")
    with pytest.raises(FactoryError, match=rf"{name}: a Git LFS pointer.*git lfs pull"):
        list(Rows(str(tmp_path / name)))


@pytest.mark.parametrize("name", ["rows.parquet", "rows.arrow"])
def test_two_columns_of_one_name_are_refused(tmp_path: Path, name: str) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    if name.endswith("parquet"):
        pq.write_table(table, tmp_path / name)
    else:
        with pa.ipc.new_file(tmp_path / name, table.schema) as file:
            file.write_table(table)
    with pytest.raises(FactoryError, match="2 columns are called 'a'"):
        list(Rows(str(tmp_path / name)))
