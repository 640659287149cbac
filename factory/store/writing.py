"""How the store writes: a kill or a power cut leaves a whole file or none, and a line or none of a ledger.

Sizes and SHA-256 of a finished step's files are taken when it is finished, and compared before any of it leaves.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from factory.arrays import Schema, Table, pa, pq
from factory.errors import FactoryError
from factory.store.kinds import typed

SHARD_ROWS = 10_000
TRAIN = "train"
BESIDE = ("manifest.json", "published.json")  # written when a step is done, and again later
SHOWN = 3  # files that an error names


def write_atomically(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write beside the target, fsync, rename: a reader sees the old file or the whole new one."""
    partial = path.with_name(path.name + ".tmp")
    with partial.open("wb") as file:
        for chunk in [data] if isinstance(data, bytes) else data:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make a rename inside `path` survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_shard(path: Path, table: Table) -> None:
    """Write one Parquet file atomically; an existing one (from a torn run) is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".tmp")
    with partial.open("wb") as file:
        pq.write_table(table, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


class ShardWriter:
    """Collects rows and writes full shards of `rows` each; `close` writes the rest (at least one, maybe empty)."""

    def __init__(self, folder: Path, schema: Schema, split: str = TRAIN, rows: int = SHARD_ROWS) -> None:
        self.folder, self.schema, self.split, self.rows = folder, schema, split, rows
        self.written = 0
        self._shards = 0
        self._buffer: list[dict[str, Any]] = []

    def write(self, rows: Iterable[dict[str, Any]]) -> None:
        for row in rows:
            self._buffer.append(row)
            if len(self._buffer) >= self.rows:
                self._flush()

    def _flush(self) -> None:
        columns = [typed([row.get(field.name) for row in self._buffer], field.type) for field in self.schema]
        table = pa.Table.from_arrays(columns, schema=self.schema)
        write_shard(self.folder / "data" / f"{self.split}-{self._shards:05d}.parquet", table)
        self.written += len(self._buffer)
        self._shards += 1
        self._buffer = []

    def close(self) -> None:
        if self._buffer or self._shards == 0:
            self._flush()

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.close()


class Ledger:
    """Append-only record of finished units: done is a line in here, never a file's existence.

    JSON lines, fsynced at every `append`; a line torn by a kill is cut off when the ledger is opened again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._cut_torn_line()
        self._file = path.open("ab")

    def _cut_torn_line(self) -> None:
        if not self.path.exists():
            return
        with self.path.open("rb+") as file:
            end = file.seek(0, os.SEEK_END)
            while end > 0:
                start = max(0, end - 65536)
                file.seek(start)
                newline = file.read(end - start).rfind(b"\n")
                if newline >= 0:
                    file.truncate(start + newline + 1)
                    return
                end = start
            file.truncate(0)

    def append(self, *entries: dict[str, Any]) -> None:
        """Write the entries in one piece and return when they are on the disk."""
        lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        self._file.write(lines.encode())
        self._file.flush()
        os.fsync(self._file.fileno())

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self.read(self.path)

    @staticmethod
    def read(path: Path) -> Iterator[dict[str, Any]]:
        """Entries of a ledger that somebody else may be writing: an unfinished last line is passed over."""
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield json.loads(line)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class FileFacts(BaseModel):
    """What a file was when its step was finished."""

    size: int
    sha256: str


def digest_of(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def facts_of(folder: Path) -> dict[str, FileFacts]:
    """The facts of every file below the folder of a step, by its path in it."""
    return {name: FileFacts(size=path.stat().st_size, sha256=digest_of(path)) for name, path in _files(folder)}


def damage(folder: Path, facts: Mapping[str, FileFacts], part: str = "", *, digests: bool = True) -> list[str]:
    """What of the files in `part` of the folder is not as it was written, one line each.

    Without `digests` files are not read: one that is gone, of another size, or new is found all the same.
    """
    known = {name: fact for name, fact in facts.items() if Path(name).is_relative_to(part)}
    there = {name: path for name, path in _files(folder) if Path(name).is_relative_to(part)}
    found = []
    for name, fact in known.items():
        if (path := there.get(name)) is None:
            found.append(f"{name} is gone")
        elif (size := path.stat().st_size) != fact.size:
            found.append(f"{name} has {size:,} bytes, {fact.size:,} were written")
        elif digests and digest_of(path) != fact.sha256:
            found.append(f"{name} has other bytes than were written")
    return found + [f"{name} was not written by the step" for name in there if name not in known]


def require_undamaged(
    name: str, folder: Path, facts: Mapping[str, FileFacts] | None, part: str = "", *, digests: bool = True
) -> None:
    """`facts` are None for a step that was made before they were kept: it cannot be compared.

    Raises:
        FactoryError: a file of the step is not as it was written.
    """
    if facts is not None and (found := damage(folder, facts, part, digests=digests)):
        more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise FactoryError(
            f"{name} is damaged: {'; '.join(found[:SHOWN])}{more}", where=str(folder), fix=to_do(folder)
        )


def to_do(folder: Path) -> str:
    return f"delete {folder}: the next run makes it again"


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (name := path.relative_to(folder).as_posix()) not in BESIDE:
            yield name, path
