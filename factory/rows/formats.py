"""The rows of one file: JSON, csv, tsv, text, Parquet and Arrow, each also with .gz or .zst.

A row that cannot be read is one row, not the end of the file.
"""

import io
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, TextIO

from factory.arrays import RecordBatch, Table, pa, pq
from factory.engines.weights import is_pointer
from factory.errors import FactoryError, first_line
from factory.rows.json_rows import CHUNK, read_json
from factory.rows.separated import read_separated
from factory.rows.unreadable import Numbered, Row, Unreadable, not_utf8, unreadable
from factory.step.surroundings import uncollected

KINDS = {"jsonl": "json", "json": "json", "ndjson": "json", "csv": "separated", "tsv": "separated"}
KINDS |= {"txt": "text", "parquet": "parquet", "arrow": "arrow"}
COMPRESSIONS = {"gz": "gzip", "zst": "zstd"}
FORMATS = f"{', '.join(KINDS)}, each also with .gz or .zst"
ABOUT = {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"}  # of a folder's rows, not rows
MOST_BYTES = 32 << 20  # of a batch of rows, about
LARGEST_COUNTED = 64 << 20  # bytes of a file that must be unpacked or parsed to count its rows


class Openable(Protocol):
    """A file on this machine or elsewhere; its text is where it lies."""

    def open(self, mode: Literal["rb"], /) -> Any: ...


@dataclass(frozen=True)
class Piece:
    """Some rows of a file, in their order.

    Attributes:
        file: where they are from, for errors.
        rows: as they were parsed; a table where the file has types of its own.
        places: line or number of each row, from 1.
    """

    file: str
    rows: Sequence[Row | Unreadable] | Table
    places: Sequence[int]


def format_of(name: str) -> str | None:
    """The format that a file's name tells; None: it holds no rows.

    >>> format_of("rows.jsonl.gz"), format_of("data/train.PARQUET"), format_of("notes.md")
    ('jsonl', 'parquet', None)
    """
    _, *endings = name.lower().rpartition("/")[2].split(".")
    if endings and endings[-1] in COMPRESSIONS:
        endings.pop()
    return endings[-1] if endings and endings[-1] in KINDS else None


def read(
    path: Path | Openable,
    rows: int,
    *,
    name: str = "",
    columns: list[str] | None = None,
    delimiter: str | None = None,
) -> Iterator[Piece]:
    """The rows of a file, at most `rows` at a time.

    `name` tells the format where the path does not. Of a csv or tsv file, `columns` are those of one without a header
    and `delimiter` is what parts its fields; by default, what fits its first rows.

    Raises:
        FactoryError: the file is not what its name says, ends too early, or is a Git LFS pointer.
    """
    name, last = name or str(path), 0
    if isinstance(path, Path) and path.is_file() and is_pointer(path):
        raise FactoryError("a Git LFS pointer, not the file itself", where=name, fix="run `git lfs pull`")
    form = format_of(name) or ""
    kind = KINDS[form]
    try:
        if kind in ("parquet", "arrow"):
            with _seekable(path, name) as file:
                for table in (_parquet if kind == "parquet" else _arrow)(file, rows):
                    _require_names(table.column_names)
                    yield Piece(name, table, range(last + 1, last + 1 + table.num_rows))
                    last += table.num_rows
            return
        with _unpacked(path, name) as file:
            ends = "" if kind == "separated" else None  # a line break inside a cell stays as it is
            text = io.TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline=ends)
            if kind == "separated":
                found = read_separated(text, form, columns, delimiter)
            else:
                found = read_json(text, form) if kind == "json" else _lines(text)
            while batch := _next(found, rows):
                places, parsed = zip(*batch, strict=True)
                yield Piece(name, parsed, places)
                last = places[-1]
    except (OSError, ValueError, NotImplementedError, RecursionError) as error:
        past = f" past row {last:,}" if last else ""
        fix = "is the file whole, and what its name says?"
        raise FactoryError(f"cannot read{past}: {first_line(error)}", where=name, fix=fix) from error


def _require_names(names: Sequence[str]) -> None:
    """Raises ValueError where two columns have one name."""
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise ValueError(f"{names.count(twice[0])} columns are called {twice[0]!r}: rename them")


def _next(found: Numbered, rows: int) -> list[tuple[int, Row | Unreadable]]:
    with uncollected():
        return list(islice(found, rows))


def count(path: Path, *, header: bool = True) -> int | None:
    """Rows of a file, told without parsing them; None where that would take long or cannot be told.

    Lines are counted in all text but an array: a line break inside a quoted cell counts as a row too many.
    """
    form, name = format_of(path.name), str(path)
    if (form == "json" or _compression(name)) and path.stat().st_size > LARGEST_COUNTED:
        return None
    if form in ("parquet", "arrow"):
        with _seekable(path, name) as file:
            if form == "parquet":
                return pq.read_metadata(file).num_rows
            return sum(batch.num_rows for batch in _batches(file))
    with _unpacked(path, name) as file:
        if form == "json":
            content = json.loads(file.read())
            return len(content) if isinstance(content, list) else None
        lines, end = 0, b"\n"
        while chunk := file.read(CHUNK):
            lines, end = lines + chunk.count(b"\n"), chunk[-1:]
    lines += end != b"\n"
    return max(0, lines - (header and form in ("csv", "tsv")))


def _compression(name: str) -> str | None:
    return COMPRESSIONS.get(name.lower().rpartition(".")[2])


def _unpacked(path: Path | Openable, name: str) -> BinaryIO:
    compression = _compression(name)
    return pa.input_stream(path.open("rb"), compression=compression) if compression else path.open("rb")


@contextmanager
def _seekable(path: Path | Openable, name: str) -> Iterator[Any]:
    """The file, unpacked on disk where it is compressed: Parquet and Arrow are read from their ends."""
    if _compression(name) is None:
        with pa.memory_map(str(path)) if isinstance(path, Path) else pa.PythonFile(path.open("rb"), "r") as file:
            yield file
        return
    with tempfile.TemporaryFile() as file:
        with _unpacked(path, name) as packed:
            shutil.copyfileobj(packed, file, CHUNK)
        file.seek(0)
        yield pa.PythonFile(file, "r")


def _parquet(file: Any, rows: int) -> Iterator[Table]:
    with pq.ParquetFile(file) as opened:
        size = sum(opened.metadata.row_group(group).total_byte_size for group in range(opened.num_row_groups))
        fitting = max(1, MOST_BYTES * opened.metadata.num_rows // max(size, 1))
        for batch in opened.iter_batches(min(rows, fitting)):
            yield pa.Table.from_batches([batch])


def _arrow(file: Any, rows: int) -> Iterator[Table]:
    for batch in _batches(file):
        for start in range(0, batch.num_rows, rows):
            yield pa.Table.from_batches([batch.slice(start, rows)])


def _batches(file: Any) -> Iterator[RecordBatch]:
    """Of an Arrow file, or of an Arrow stream, as `datasets` writes them."""
    magic = file.read(6)
    file.seek(0)
    if magic != b"ARROW1":
        yield from pa.ipc.open_stream(file)
        return
    opened = pa.ipc.open_file(file)
    yield from (opened.get_batch(number) for number in range(opened.num_record_batches))


def _lines(text: TextIO) -> Numbered:
    for number, line in enumerate(text, 1):
        error = not_utf8(line)
        yield number, unreadable(line, error) if error else {"text": line.removesuffix("\n")}
