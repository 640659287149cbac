"""Rows of a dataset repo: which configs and splits it has, and a page of one of them.

What opens files here is called aside, in a process whose memory and time are bounded.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

from factory.arrays import pq
from factory.errors import FactoryError
from factory.local_hub.cells import cell
from factory.local_hub.context import Hub
from factory.local_hub.ignore import pattern
from factory.local_hub.metadata import Summary, as_list, mappings
from factory.local_hub.storage import Commit
from factory.look.layout import readable
from factory.rows.formats import ABOUT, Unreadable, format_of, read
from factory.rows.reading import rows_of
from factory.store.kinds import rows_of as python_rows

NAMES = ["train training", "validation valid dev val", "test testing eval", "rejected"]
SPLITS = {word: words.split()[0] for words in NAMES for word in words.split()}
ROWS = 50
AT_ONCE = 100  # rows read together, fewer where they are large:
BATCH = 16 << 20  # bytes of them
LARGEST_FOOTER = 16 << 20  # bytes
KNOWN_SIZES = 50_000  # files
MOST_MATCHES = 5_000_000  # patterns of a card tried on paths; configs after that many are not shown
UNREADABLE = (FactoryError, OSError, ValueError, NotImplementedError, KeyError, TypeError)  # what broken files raise


Files = list[tuple[str, Path]]
"""(path in the repo, file on this machine)"""


@dataclass
class DataSplit:
    name: str
    paths: list[str] = field(default_factory=list)


@dataclass
class Page:
    """A page of rows; each value as `cell` shows it."""

    columns: list[str]
    rows: list[list[dict[str, Any]]]
    total: int | None
    more: bool


def configs(about: Summary) -> dict[str, list[DataSplit]]:
    """config -> splits: as the card declares them, or as the file names suggest."""
    data = [path for path in about.paths if format_of(path) and not path.startswith(".")]
    data = [path for path in data if path.rsplit("/", 1)[-1] not in ABOUT]
    declared: dict[str, list[DataSplit]] = {}
    left = MOST_MATCHES
    for entry in mappings(about.card.get("configs")):
        if entry.get("config_name") and entry.get("data_files"):
            wanted = list(_declared(entry["data_files"]))
            left -= len(data) * sum(len(patterns) for _, patterns in wanted)
            if left < 0:
                break
            splits = [
                DataSplit(name, found)
                for name, patterns in wanted
                if (found := [path for path in data if any(pattern("/" + p).fullmatch(path) for p in patterns)])
            ]
            if splits:
                declared[str(entry["config_name"])] = splits
    return declared or _guessed(data)


def _declared(files: Any) -> Iterator[tuple[str, list[str]]]:
    entries = files if isinstance(files, list) else [files]
    if all(isinstance(entry, str) for entry in entries):
        entries = [{"train": entries}]
    for entry in mappings(entries):
        named = {str(entry["split"]): entry.get("path")} if "split" in entry else entry
        yield from ((split, as_list(paths)) for split, paths in named.items())


def _guessed(data: list[str]) -> dict[str, list[DataSplit]]:
    found: dict[str, dict[str, DataSplit]] = {}
    for path in data:
        *folders, name = path.split("/")
        words = re.split(r"[-_.\s]", name.lower()) + [folder.lower() for folder in reversed(folders)]
        split = next((SPLITS[word] for word in words if word in SPLITS), "train")
        config = folders[0] if folders and folders[0].lower() not in (*SPLITS, "data") else "default"
        splits = found.setdefault(config, {})
        splits.setdefault(split, DataSplit(split)).paths.append(path)
    order = {"train": 0, "validation": 1, "test": 2}
    return {
        config: sorted(splits.values(), key=lambda split: order.get(split.name, 3)) for config, splits in found.items()
    }


def page(files: Files, number: int) -> dict[str, Any]:
    """What the page of this number shows of a split's rows.

    Raises:
        what is in UNREADABLE.
    """
    first = number * ROWS
    return {"page": (_parquet if all_parquet(files) else _lines)(files, first, ROWS), "first": first}


def all_parquet(files: Files) -> bool:
    return bool(files) and all(path.endswith(".parquet") for path, _ in files)


def files_of(hub: Hub, commit: Commit, split: DataSplit) -> Files:
    """A split's files."""
    entries = [(path, entry) for path in split.paths if (entry := hub.store.entry(commit, path)) is not None]
    return [(path, hub.store.blobs.path(hub.store.file(entry.oid).sha256)) for path, entry in entries]


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A Parquet file, whose footer is read whole.

    Raises:
        what is in UNREADABLE.
    """
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 8, 0))
        if int.from_bytes(file.read(4), "little") > LARGEST_FOOTER:
            raise ValueError(f"its footer has more than {LARGEST_FOOTER >> 20} MB")
    with pq.ParquetFile(path, memory_map=True) as file:
        yield file


@lru_cache(maxsize=512)
def _size(path: Path) -> int:
    """Rows of a Parquet file; its content never changes under its name."""
    with opened(path) as file:
        return file.metadata.num_rows


def sizes(paths: list[Path]) -> list[int | None]:
    """Rows of Parquet files, None of those that are broken."""

    def size(path: Path) -> int | None:
        try:
            return _size(path)
        except UNREADABLE:
            return None

    return [size(path) for path in paths]


def total(hub: Hub, files: Files) -> int | None:
    """Rows of a split; None where that is not known without reading it, or files are broken."""
    known: OrderedDict[Path, int | None] = hub.caches.setdefault("rows", OrderedDict())
    if not all_parquet(files):
        return None
    if new := [path for _, path in files if path not in known]:
        try:
            found = hub.aside.call(sizes, new)
        except ValueError:
            found = [None] * len(new)
        known.update(zip(new, found, strict=True))
    counts = [known[path] for _, path in files]
    while len(known) > KNOWN_SIZES:
        known.popitem(last=False)
    return None if None in counts else sum(count for count in counts if count)


def _parquet(files: Files, start: int, count: int) -> Page:
    found: list[dict[str, Any]] = []
    before = 0
    for _, path in files:
        places = range(max(start - before, 0), min(start + count - before, _size(path)))
        found += [row for _, row in rows_at(path, places)]
        before += _size(path)
    columns = list(found[0]) if found else list(pq.read_schema(files[0][1]).names)
    return Page(columns, _cells(found, columns), before, start + count < before)


def _cells(rows: Iterable[dict[str, Any]], columns: list[str]) -> list[list[dict[str, Any]]]:
    return [[cell(row.get(name)) for name in columns] for row in rows]


def rows_at(path: Path, places: Sequence[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(place, row) of a Parquet file, in order: a few rows at a time, for a group may hold gigabytes of images."""
    if not places:
        return
    with opened(path) as file:
        first = 0
        for group in range(file.metadata.num_row_groups):
            about, at = file.metadata.row_group(group), 0
            size = about.num_rows
            here = [place - first for place in places if first <= place < first + size]
            together = max(1, min(AT_ONCE, BATCH * size // max(about.total_byte_size, 1)))
            for batch in file.iter_batches(batch_size=together, row_groups=[group], use_threads=False) if here else ():
                for place in (place for place in here if at <= place < at + batch.num_rows):
                    yield first + place, python_rows(batch.slice(place - at, 1))[0]
                at += batch.num_rows
                if at > here[-1]:
                    break
            first += size


def row(files: Files, number: int) -> dict[str, Any]:
    """The row of this number in a split.

    Raises:
        IndexError: there is none. And what is in UNREADABLE.
    """
    if not all_parquet(files) and (found := next(islice(rows(files), number, None), None)) is not None:
        return found
    for _, path in files if all_parquet(files) else ():
        if number < _size(path):
            return next(row for _, row in rows_at(path, [number]))
        number -= _size(path)
    raise IndexError(number)


def _lines(files: Files, start: int, count: int) -> Page:
    found = list(islice(rows(files), start, start + count + 1))
    columns = list(dict.fromkeys(name for row in found[:count] for name in row))
    return Page(columns, _cells(found[:count], columns), None, len(found) > count)


def rows(files: Files) -> Iterator[dict[str, Any]]:
    """Of files of any kind; a row that cannot be read says so.

    Raises:
        FactoryError: none of the first rows can be read.
    """
    found = (row for name, path in files for piece in read(path, ROWS, name=name) for row in rows_of(piece))
    head = list(islice(found, ROWS))
    if head and all(isinstance(row, Unreadable) for row in head):
        raise FactoryError(readable(head[0])["reasons"][0])
    yield from map(readable, chain(head, found))
