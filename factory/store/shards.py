"""A dataset on disk: Parquet shards, read and written one at a time so that memory does not grow with rows.

Layout below an artifact's folder: ``data/{split}-{number:05d}.parquet`` for the rows that were kept and
``rejected/{split}-{number:05d}.parquet`` for the rest, which carry two more columns, `outcome` (rejected or failed)
and `reason`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.store.kinds import rows_of, typed

if TYPE_CHECKING:
    import pyarrow as pa

SHARD_ROWS = 10_000
TRAIN = "train"


def write_shard(path: Path, table: pa.Table) -> None:
    """Write one Parquet file atomically; an existing one (from a torn run) is replaced."""
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".tmp")
    with partial.open("wb") as file:
        pq.write_table(table, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


class Dataset:
    """A finished (or partial) dataset artifact: `folder` holds the shards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def splits(self) -> list[str]:
        names = {path.stem.rsplit("-", 1)[0] for path in (self.folder / "data").glob("*.parquet")}
        return sorted(names, key=lambda name: (name != TRAIN, name))

    def shards(self, split: str = TRAIN, part: str = "data") -> list[Path]:
        return sorted((self.folder / part).glob(f"{split}-*.parquet"))

    def schema(self, split: str = TRAIN) -> pa.Schema:
        import pyarrow.parquet as pq

        return pq.read_schema(self.shards(split)[0])

    def num_rows(self, split: str = TRAIN, part: str = "data") -> int:
        import pyarrow.parquet as pq

        return sum(pq.read_metadata(path).num_rows for path in self.shards(split, part))

    def tables(self, split: str = TRAIN, part: str = "data") -> Iterator[pa.Table]:
        import pyarrow.parquet as pq

        for path in self.shards(split, part):
            yield pq.ParquetFile(path).read()

    def rows(self, split: str = TRAIN, part: str = "data") -> Iterator[dict[str, Any]]:
        import pyarrow.parquet as pq

        for path in self.shards(split, part):
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(1000):
                    yield from rows_of(batch)

    def load(self, split: str = TRAIN) -> Any:
        """The split as a memory-mapped `datasets.Dataset`, for trainers."""
        import datasets

        files: list[Any] = [str(path) for path in self.shards(split)]
        cache = self.folder.parents[1] / "cache"  # beside the artifacts: a finished folder is not written to
        return datasets.Dataset.from_parquet(files, cache_dir=str(cache), keep_in_memory=False)


class ShardWriter:
    """Collects rows and writes full shards of `rows` each; `close` writes the rest (at least one, maybe empty)."""

    def __init__(self, folder: Path, schema: pa.Schema, split: str = TRAIN, rows: int = SHARD_ROWS) -> None:
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
        import pyarrow as pa

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
