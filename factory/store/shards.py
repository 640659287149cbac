"""Rows on disk: Parquet files of so many rows, or so many bytes, that several of them fit in memory."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from factory.arrays import Schema, Table, pa, pq
from factory.store.kinds import packable, typed
from factory.store.packs import located, packed, packed_bytes, unpacked

SHARD_ROWS = 10_000
SHARD_BYTES = 128 << 20  # of a shard's values, pictures among them
GROUP_BYTES = 32 << 20  # of what a reader must take at once
TRAIN = "train"


def write_shard(path: Path, table: Table) -> None:
    """Write a file of a step's folder, ``<folder>/<part>/<name>``, whose pictures go into packs beside the part."""
    write_parquet(path, packed(table, path.parent.parent) if packable(table.schema) else table)


def read_shard(path: Path, columns: Sequence[str] | None = None) -> Table:
    """The rows of a file that `write_shard` wrote, pictures as references; these columns, or all."""
    with pq.ParquetFile(path) as file:
        table = file.read(columns=columns)
    return located(table, path.parent.parent) if packable(table.schema) else table


def write_parquet(path: Path, table: Table, *, whole: bool = False, durable: bool = True) -> None:
    """Write one Parquet file atomically; an existing one (from a torn run) is replaced.

    `whole`: with the bytes of pictures in the place of references, as rows leave the store; memory holds those of a
    group of rows. What is not `durable` may be lost in a power cut.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".tmp")
    whole = whole and bool(packable(table.schema))
    rows = max(1, table.num_rows * GROUP_BYTES // max(total_bytes(table) if whole else table.nbytes, 1))
    with partial.open("wb") as file:
        with pq.ParquetWriter(file, table.schema, **_compressed(table.schema)) as writer:
            for start in range(0, max(1, table.num_rows), rows):
                group = table.slice(start, rows)
                writer.write_table(unpacked(group) if whole else group)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    partial.replace(path)


def _compressed(schema: Schema) -> dict[str, Any]:
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
    return sum(t.num_rows for t in tables) >= SHARD_ROWS or sum(map(total_bytes, tables)) >= SHARD_BYTES


def total_bytes(table: Table) -> int:
    """The size of a table's values, with the pictures that it refers to."""
    return table.nbytes + (packed_bytes(table) if packable(table.schema) else 0)


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


def stored_bytes(footer: Any) -> int:
    """The size of a Parquet file's values, without compression."""
    return sum(footer.row_group(group).total_byte_size for group in range(footer.num_row_groups))


def referenced_bytes(path: Path) -> int:
    """The size of the pictures that a file refers to."""
    names = packable(pq.read_schema(path))
    return packed_bytes(read_shard(path, names)) if names else 0
