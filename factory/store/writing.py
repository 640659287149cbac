"""How the store writes: a kill or a power cut leaves a whole file or none, and a line or none of a ledger."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from factory.arrays import Schema, Table, pa, pq
from factory.store.kinds import typed

SHARD_ROWS = 10_000
SHARD_BYTES = 128 << 20  # of a shard's values: several of them fit in memory, whatever a row holds
GROUP_BYTES = 32 << 20  # of what a reader must take at once
TRAIN = "train"


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
        rows = max(1, table.num_rows * GROUP_BYTES // max(table.nbytes, 1))
        pq.write_table(table, file, row_group_size=rows, **_packed(table.schema))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _packed(schema: Schema) -> dict[str, Any]:
    """How columns are compressed. Bytes stay as they are: pictures are packed already, and no two are alike."""
    if not any(pa.types.is_nested(field.type) or pa.types.is_binary(field.type) for field in schema):
        return {"compression": "zstd"}
    pq.write_table(schema.empty_table(), empty := io.BytesIO())
    with pq.ParquetFile(empty) as file:
        leaves = [file.schema.column(number) for number in range(len(file.schema))]
    of_bytes = {leaf.path for leaf in leaves if (leaf.physical_type, leaf.logical_type.type) == ("BYTE_ARRAY", "NONE")}
    others = [leaf.path for leaf in leaves if leaf.path not in of_bytes]
    kinds = dict.fromkeys(others, "ZSTD") | dict.fromkeys(of_bytes, "NONE")
    return {"compression": kinds, "use_dictionary": others, "write_statistics": others}


def is_full(tables: Sequence[Table]) -> bool:
    """Are these the rows of a shard?"""
    return sum(t.num_rows for t in tables) >= SHARD_ROWS or sum(t.nbytes for t in tables) >= SHARD_BYTES


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
