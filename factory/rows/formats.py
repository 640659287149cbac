"""The rows of one file: JSON, csv, tsv, text, Parquet and Arrow, each also with .gz or .zst.

A row that cannot be read is one row, not the end of the file.
"""

import csv
import io
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from factory.arrays import RecordBatch, Table, pa, pq
from factory.errors import FactoryError, first_line

KINDS = {"jsonl": "json", "json": "json", "ndjson": "json", "csv": "separated", "tsv": "separated"}
KINDS |= {"txt": "text", "parquet": "parquet", "arrow": "arrow"}
COMPRESSIONS = {"gz": "gzip", "zst": "zstd"}
FORMATS = f"{', '.join(KINDS)}, each also with .gz or .zst"
ABOUT = {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"}  # of a folder's rows, not rows
CHUNK = 1 << 20
LARGEST_COUNTED = 64 << 20  # bytes of a file that must be unpacked or parsed to count its rows
LARGEST_CELL = 64 << 20  # characters: a quotation mark that is never closed must not take the rest of a large file
SHOWN = 1_000  # characters of a row that cannot be read
BETWEEN = re.compile(r"[\s,]*")  # the elements of an array


@dataclass(frozen=True)
class Unreadable:
    """Stands for a row that could not be read: what was there, and why."""

    text: str
    error: str


Row = dict[str, Any]
Numbered = Iterator[tuple[int, Row | Unreadable]]
"""(line, or number where lines mean nothing, from 1; what is there)."""


@dataclass(frozen=True)
class Piece:
    """Some rows of a file, in their order.

    Attributes:
        file: where they are from, for errors.
        rows: as they were parsed; a table where the file has types of its own.
        places: line or number of each row, from 1.
        cells: every value is text, whatever it means: they are from csv or tsv.
    """

    file: str
    rows: Sequence[Row | Unreadable] | Table
    places: Sequence[int]
    cells: bool = False


def format_of(name: str) -> str | None:
    """The format that a file's name tells; None: it holds no rows.

    >>> format_of("rows.jsonl.gz"), format_of("data/train.PARQUET"), format_of("notes.md")
    ('jsonl', 'parquet', None)
    """
    _, *endings = name.lower().rpartition("/")[2].split(".")
    if endings and endings[-1] in COMPRESSIONS:
        endings.pop()
    return endings[-1] if endings and endings[-1] in KINDS else None


def read(path: Path, rows: int, *, name: str = "", columns: list[str] | None = None) -> Iterator[Piece]:
    """The rows of a file, at most `rows` at a time.

    `name` tells the format where the path does not; `columns` are those of a csv or tsv file without a header.

    Raises:
        FactoryError: the file is not what its name says, or ends too early.
    """
    name, last = name or str(path), 0
    form = format_of(name) or ""
    kind = KINDS[form]
    try:
        if kind in ("parquet", "arrow"):
            with _seekable(path, name) as file:
                for table in (_parquet if kind == "parquet" else _arrow)(file, rows):
                    yield Piece(name, table, range(last + 1, last + 1 + table.num_rows))
                    last += table.num_rows
            return
        with _unpacked(path, name) as file:
            ends = "" if kind == "separated" else None  # a line break inside a cell stays as it is
            text = io.TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline=ends)
            found = _READERS[kind](text, form, columns)
            while batch := list(islice(found, rows)):
                places, parsed = zip(*batch, strict=True)
                yield Piece(name, parsed, places, kind == "separated")
                last = places[-1]
    except (OSError, ValueError, NotImplementedError, RecursionError) as error:
        past = f" past row {last:,}" if last else ""
        fix = "is the file whole, and what its name says?"
        raise FactoryError(f"cannot read{past}: {first_line(error)}", where=name, fix=fix) from error


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


def _unpacked(path: Path, name: str) -> BinaryIO:
    compression = _compression(name)
    return pa.input_stream(str(path), compression=compression) if compression else path.open("rb")


@contextmanager
def _seekable(path: Path, name: str) -> Iterator[Any]:
    """The file, unpacked on disk where it is compressed: Parquet and Arrow are read from their ends."""
    if _compression(name) is None:
        with pa.memory_map(str(path)) as file:
            yield file
        return
    with tempfile.TemporaryFile() as file:
        with _unpacked(path, name) as packed:
            shutil.copyfileobj(packed, file, CHUNK)
        file.seek(0)
        yield pa.PythonFile(file, "r")


def _parquet(file: Any, rows: int) -> Iterator[Table]:
    with pq.ParquetFile(file) as opened:
        for batch in opened.iter_batches(rows):
            yield _decoded(pa.Table.from_batches([batch]))


def _arrow(file: Any, rows: int) -> Iterator[Table]:
    for batch in _batches(file):
        for start in range(0, batch.num_rows, rows):
            yield _decoded(pa.Table.from_batches([batch.slice(start, rows)]))


def _batches(file: Any) -> Iterator[RecordBatch]:
    """Of an Arrow file, or of an Arrow stream, as `datasets` writes them."""
    magic = file.read(6)
    file.seek(0)
    if magic != b"ARROW1":
        yield from pa.ipc.open_stream(file)
        return
    opened = pa.ipc.open_file(file)
    yield from (opened.get_batch(number) for number in range(opened.num_record_batches))


def _decoded(table: Table) -> Table:
    """Values in place of a dictionary's codes; of the metadata, what `datasets` says of the columns."""
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, table[field.name].cast(field.type.value_type))
    known = {key: value for key, value in (table.schema.metadata or {}).items() if key == b"huggingface"}
    return table.replace_schema_metadata(known or None)


def _json(text: TextIO, form: str, columns: None) -> Numbered:
    """JSON lines, an array, or (.json only) one object over several lines, told by how the text begins."""
    number, start = 1, text.readline(CHUNK)
    while start.isspace():
        number, start = number + 1, text.readline(CHUNK)
    if start.lstrip().startswith("["):
        yield from _array(text, start)
        return
    if not start.endswith("\n"):
        start += text.readline()
    if form == "json" and isinstance(_parsed(start), Unreadable):
        whole = start + text.read()
        if not isinstance(row := _parsed(whole), Unreadable):
            yield number, row
            return
        start, text = "", io.StringIO(whole)
    first = number if start else number - 1
    for place, line in enumerate(chain([start], text), first):
        if line and not line.isspace():
            yield place, _parsed(line)


def _array(text: TextIO, held: str) -> Numbered:
    """Elements of a JSON array one after the other, so that memory does not grow with them."""
    decode = json.JSONDecoder().raw_decode
    place, number, size = held.index("[") + 1, 1, CHUNK
    while True:
        place = BETWEEN.match(held, place).end()  # type: ignore[union-attr]
        if held[place : place + 1] == "]":
            break
        try:
            value, end = decode(held, place)
        except json.JSONDecodeError as error:
            if not error.msg.startswith("Unterminated") and error.pos + 10 < len(held):
                raise
            end = len(held)
        if end < len(held):  # else the element may go on
            yield number, _row(value, held[place:end])
            place, number, size = end, number + 1, CHUNK
            continue
        more = text.read(size)
        if not more:
            raise ValueError("the array is not closed")
        held, place, size = held[place:] + more, 0, 2 * size
    if (held[place + 1 :] + text.read(CHUNK)).strip():
        raise ValueError("there is more after the end of the array")


def _parsed(text: str) -> Row | Unreadable:
    try:
        return _row(json.loads(text), text)
    except (ValueError, RecursionError) as error:
        said = f"{error.msg}, character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else str(error)
        return _unreadable(text, _not_utf8(text) or f"no JSON: {said}")


def _row(value: Any, text: str) -> Row | Unreadable:
    if not isinstance(value, dict | str):
        return _unreadable(text, "not a JSON object")
    error = _not_utf8(text)
    return _unreadable(text, error) if error else value if isinstance(value, dict) else {"text": value}


def _separated(text: TextIO, form: str, columns: list[str] | None) -> Numbered:
    csv.field_size_limit(LARGEST_CELL)
    raw: list[str] = []  # the lines of the row that is read
    ended = False

    def lines() -> Iterator[str]:
        nonlocal ended
        for line in text:
            raw.append(line)
            yield line
        ended = True

    options: dict[str, Any] = {}
    if form == "tsv":  # where a quotation mark is a character like any other
        options = {"delimiter": "\t", "quoting": csv.QUOTE_NONE}
    reader = csv.reader(lines(), **options)
    names = columns or []
    while True:
        raw.clear()
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield line, _unreadable("".join(raw), str(error))
            continue
        if cells is None:
            return
        if not cells:
            continue
        error = _not_utf8(*raw)
        if ended:  # lines were asked for in the middle of a row
            error = "a quotation mark is never closed"
        if not names:
            if error:
                raise ValueError(f"the header: {error}")
            names = _header(cells)
        elif error or any(cells[len(names) :]):
            yield line, _unreadable("".join(raw), error or "more fields than the header has")
        else:
            yield line, dict(zip(names, cells + [None] * (len(names) - len(cells)), strict=False))


def _header(cells: list[str]) -> list[str]:
    """Names of columns, each once: as pandas names those that have none or another's."""
    names: list[str] = []
    for place, cell in enumerate(cells):
        name = cell = cell or f"Unnamed: {place}"
        times = 0
        while name in names:
            times += 1
            name = f"{cell}.{times}"
        names.append(name)
    return names


def _text(text: TextIO, form: str, columns: None) -> Numbered:
    for number, line in enumerate(text, 1):
        error = _not_utf8(line)
        yield number, _unreadable(line, error) if error else {"text": line.removesuffix("\n")}


_READERS: dict[str, Any] = {"json": _json, "separated": _separated, "text": _text}


def _not_utf8(*lines: str) -> str:
    """What is wrong with text that was decoded with ``surrogateescape``, "" for nothing."""
    for line in lines:
        if not line.isascii():
            try:
                line.encode()
            except UnicodeEncodeError as error:
                return f"not UTF-8: byte 0x{ord(line[error.start]) - 0xDC00:02x} at character {error.start + 1}"
    return ""


def _unreadable(text: str, error: str) -> Unreadable:
    shown = text.rstrip("\r\n")[:SHOWN].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Unreadable(shown, error)
