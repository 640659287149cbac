"""Rows of a dataset repo: which configs and splits it has, and a page of one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

from factory.errors import FactoryError, first_line
from factory.local_hub.context import Hub
from factory.local_hub.ignore import pattern
from factory.local_hub.metadata import Summary, mappings
from factory.local_hub.storage import Commit
from factory.look.rows import readable
from factory.rows.formats import ABOUT, Unreadable, format_of, read
from factory.rows.reading import rows_of
from factory.store.kinds import rows_of as python_rows

SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "dev": "validation",
}
SPLITS |= {"val": "validation", "test": "test", "testing": "test", "eval": "test", "rejected": "rejected"}
ROWS = 50
UNREADABLE = (FactoryError, OSError, ValueError, NotImplementedError, KeyError, TypeError)  # what broken files raise


Files = list[tuple[str, Path]]
"""(path in the repo, file on this machine)"""


class CannotShow(FactoryError):
    """Why a split has no rows to show."""


@dataclass
class Split:
    name: str
    paths: list[str] = field(default_factory=list)


@dataclass
class Page:
    columns: list[str]
    rows: list[list[Any]]
    total: int | None
    more: bool


def configs(about: Summary) -> dict[str, list[Split]]:
    """config -> splits: as the card declares them, or as the file names suggest."""
    data = [path for path in about.paths if format_of(path) and not path.startswith(".")]
    data = [path for path in data if path.rsplit("/", 1)[-1] not in ABOUT]
    declared: dict[str, list[Split]] = {}
    for entry in mappings(about.card.get("configs")):
        if entry.get("config_name") and entry.get("data_files"):
            splits = [
                Split(name, found)
                for name, patterns in _declared(entry["data_files"])
                if (found := [path for path in data if any(pattern("/" + p).fullmatch(path) for p in patterns)])
            ]
            if splits:
                declared[str(entry["config_name"])] = splits
    return declared or _guessed(data)


def _declared(files: Any) -> Iterator[tuple[str, list[str]]]:
    entries = files if isinstance(files, list) else [files]
    if all(isinstance(entry, str) for entry in entries):
        yield "train", [str(entry) for entry in entries]
        return
    for entry in entries:
        if isinstance(entry, dict):
            if "split" in entry:
                paths = entry.get("path") or []
                yield str(entry["split"]), [str(p) for p in (paths if isinstance(paths, list) else [paths])]
            else:
                for split, paths in entry.items():
                    yield str(split), [str(p) for p in (paths if isinstance(paths, list) else [paths])]


def _guessed(data: list[str]) -> dict[str, list[Split]]:
    found: dict[str, dict[str, Split]] = {}
    for path in data:
        *folders, name = path.split("/")
        words = re.split(r"[-_.\s]", name.lower()) + [folder.lower() for folder in reversed(folders)]
        split = next((SPLITS[word] for word in words if word in SPLITS), "train")
        config = folders[0] if folders and folders[0].lower() not in (*SPLITS, "data") else "default"
        splits = found.setdefault(config, {})
        splits.setdefault(split, Split(split)).paths.append(path)
    order = {"train": 0, "validation": 1, "test": 2}
    return {
        config: sorted(splits.values(), key=lambda split: order.get(split.name, 3)) for config, splits in found.items()
    }


def page(hub: Hub, commit: Commit, split: Split, start: int, count: int = ROWS) -> Page:
    """The rows `start` to `start + count` of a split. Raises CannotShow."""
    files = files_of(hub, commit, split)
    try:
        if files and all(path.endswith(".parquet") for path, _ in files):
            return _parquet(files, start, count)
        return _lines(files, start, count)
    except UNREADABLE as error:
        raise CannotShow(first_line(error)) from error


def files_of(hub: Hub, commit: Commit, split: Split) -> Files:
    """A split's files."""
    entries = [(path, entry) for path in split.paths if (entry := hub.store.entry(commit, path)) is not None]
    return [(path, hub.store.blobs.path(hub.store.file(entry.oid).sha256)) for path, entry in entries]


@lru_cache(maxsize=512)
def _row_groups(path: Path) -> tuple[int, ...]:
    """Rows in each row group; a file's content never changes under its name."""
    import pyarrow.parquet as pq

    about = pq.read_metadata(path)
    return tuple(about.row_group(i).num_rows for i in range(about.num_row_groups))


def _parquet(files: Files, start: int, count: int) -> Page:
    import pyarrow.parquet as pq

    columns: list[str] = []
    rows: list[list[Any]] = []
    total = sum(sum(_row_groups(path)) for _, path in files)
    before = 0
    for _, path in files:
        for group, size in enumerate(_row_groups(path)):
            first, last = max(start - before, 0), min(start + count - before, size)
            before += size
            if first >= last:
                continue
            for row in islice(_group_rows(path, group), first, last):
                columns = columns or list(row)
                rows.append([row.get(name) for name in columns])
    if not columns and files:
        columns = list(pq.read_schema(files[0][1]).names)
    return Page(columns, rows, total, start + count < total)


def _group_rows(path: Path, group: int) -> Iterator[dict[str, Any]]:
    """A few rows at a time: one group may hold gigabytes of images."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS, row_groups=[group]):
            yield from python_rows(batch)


def _lines(files: Files, start: int, count: int) -> Page:
    found = list(islice(rows(files), start, start + count + 1))
    columns = list(dict.fromkeys(name for row in found[:count] for name in row))
    return Page(columns, [[row.get(name) for name in columns] for row in found[:count]], None, len(found) > count)


def rows(files: Files) -> Iterator[dict[str, Any]]:
    """Of files of any kind; a row that cannot be read says so.

    Raises:
        CannotShow: none of the first rows can be read.
    """
    found = (row for name, path in files for piece in read(path, ROWS, name=name) for row in rows_of(piece))
    head = list(islice(found, ROWS))
    if head and all(isinstance(row, Unreadable) for row in head):
        raise CannotShow(readable(head[0])["reasons"][0])
    yield from map(readable, chain(head, found))
