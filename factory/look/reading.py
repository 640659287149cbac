"""Rows of any file or Hub dataset, a batch at a time, as often as they are asked for; a row that cannot be read is one
row, not the end."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from factory.errors import FactoryError, UsageError
from factory.refs import HubRef, SplitSlice, is_hub_ref
from factory.store.columns import parse_path

BATCH_ROWS = 2_000
FORMATS = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".json")


@dataclass(frozen=True)
class Unreadable:
    """Stands for a row that could not be read: what was there, and why."""

    text: str
    error: str


Row = dict[str, Any] | Unreadable


@dataclass(frozen=True)
class Rows:
    """The rows of a local file or folder, or of a split of a Hub dataset."""

    ref: str
    split: str = "train"

    def __post_init__(self) -> None:
        """Raises UsageError where `ref` is neither a file that can be read nor a Hub ref."""
        path = Path(self.ref).expanduser()
        if path.exists():
            for file in self._files():
                if file.suffix not in FORMATS:
                    raise UsageError(f"cannot read {file.suffix or 'this'}", where=str(file), fix=_formats())
            return
        if not is_hub_ref(self.ref) or path.suffix in FORMATS:
            raise UsageError("no such file", where=self.ref, fix="a Hub dataset is owner/name[:config][@revision]")
        HubRef.parse(self.ref)

    def _files(self) -> list[Path]:
        path = Path(self.ref).expanduser()
        if not path.is_dir():
            return [path]
        if files := sorted(p for p in path.rglob("*") if p.suffix in FORMATS):
            return files
        raise UsageError("no files to read in this folder", where=self.ref, fix=_formats())

    @property
    def size(self) -> int | None:
        """Bytes on disk; None for a Hub dataset."""
        return sum(f.stat().st_size for f in self._files()) if Path(self.ref).expanduser().exists() else None

    def batches(self, limit: int | None = None) -> Iterator[list[Row]]:
        """The rows in their order, at most `limit` of them.

        Raises:
            FactoryError: a file or the Hub cannot be read at all.
        """
        rows = islice(self._rows(), limit)
        while batch := list(islice(rows, BATCH_ROWS)):
            yield batch

    def _rows(self) -> Iterator[Row]:
        if not Path(self.ref).expanduser().exists():
            yield from self._hub_rows()
            return
        for file in self._files():
            try:
                yield from _READERS[file.suffix](file)
            except (OSError, ValueError) as error:
                raise FactoryError(f"cannot read: {_first_line(error)}", where=str(file)) from error

    def _hub_rows(self) -> Iterator[Row]:
        import datasets

        from factory.hub.client import hub_errors

        ref, wanted = HubRef.parse(self.ref), SplitSlice.parse(self.split)
        with hub_errors(ref.repo, kind="dataset"):
            stream = datasets.load_dataset(
                ref.repo, ref.config, split=wanted.name, revision=ref.revision, streaming=True
            )
            yield from islice(stream, wanted.start, wanted.stop)


def text_at(row: Row, path: str) -> str | None:
    """The text at a column path; a number as text; None where there is nothing.

    Raises:
        ValueError: the row could not be read, or holds something else there.
    """
    if isinstance(row, Unreadable):
        raise ValueError(row.error)
    value: Any = row
    if path in row:
        value = row[path]
    else:
        for part in parse_path(path):
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"{path} is {type(value).__name__}, not text")


def require_column(row: dict[str, Any], path: str, option: str) -> None:
    """Raises UsageError where no column of the row begins the path."""
    if path not in row and parse_path(path)[0] not in row:
        raise UsageError(f"no column {path!r}", fix=f"name it with {option}; columns here: {', '.join(map(str, row))}")


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        for line in file:
            if line.strip():
                yield _json_row(line)


def _json_row(line: bytes) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Unreadable(line.decode("utf-8", "replace").rstrip("\n"), f"no JSON: {_first_line(error)}")
    return row if isinstance(row, dict) else Unreadable(line.decode().rstrip("\n"), "not a JSON object")


def _json_array(path: Path) -> Iterator[Row]:
    content = json.loads(path.read_bytes())
    rows: Iterable[Any] = content if isinstance(content, list) else [content]
    for row in rows:
        yield row if isinstance(row, dict) else Unreadable(json.dumps(row, ensure_ascii=False), "not a JSON object")


def _separated(path: Path) -> Iterator[Row]:
    csv.field_size_limit(1 << 30)
    options: dict[str, Any] = {}
    if path.suffix == ".tsv":  # a quotation mark in a tsv file is a character like any other
        options = {"delimiter": "\t", "quoting": csv.QUOTE_NONE}
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.DictReader((line.replace("\0", "") for line in file), restkey=_REST, **options)
        for row in reader:
            if _REST in row:
                text = json.dumps(list(row.values()), ensure_ascii=False)
                yield Unreadable(text, "more fields than the header has")
            else:
                yield dict(row)


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow.parquet as pq

    from factory.store.columns import NotText, plain

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            import pyarrow as pa

            table = pa.Table.from_batches([batch])
            columns = [plain(table[name]) for name in table.column_names]
            for values in zip(*columns, strict=True):
                broken = next((value for value in values if isinstance(value, NotText)), None)
                if broken is not None:
                    shown = {n: str(v) for n, v in zip(table.column_names, values, strict=True) if v is not broken}
                    yield Unreadable(json.dumps(shown, ensure_ascii=False), str(broken.error))
                else:
                    yield dict(zip(table.column_names, values, strict=True))


_REST = "\0rest"
_READERS = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_array,
    ".csv": _separated,
    ".tsv": _separated,
    ".parquet": _parquet,
}


def _formats() -> str:
    return f"one of {', '.join(FORMATS)}, or a Hub dataset"


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
