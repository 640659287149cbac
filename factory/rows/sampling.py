"""Uniform samples and permutations of rows that never are in memory together. Same seed, same rows."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from factory.arrays import Schema, Table, ndarray, np, pa
from factory.store import sync_folder

BUFFER_BYTES = 64 << 20


def draw(sizes: Sequence[int], count: int, seed: int) -> Iterator[ndarray]:
    """Draw `count` of ``sum(sizes)`` rows without replacement: per shard, the sorted numbers of its drawn rows.

    How many come from a shard is hypergeometric given what is left; which ones is uniform. Equal to drawing from all
    rows at once.
    """
    rest, wanted = sum(sizes), min(count, sum(sizes))
    for shard, size in enumerate(sizes):
        random = np.random.Generator(np.random.PCG64([seed, shard]))
        rest -= size
        here = int(random.hypergeometric(size, rest, wanted)) if wanted and size else 0
        wanted -= here
        yield np.sort(random.choice(size, here, replace=False))


class Shuffle:
    """A uniform permutation in two passes: rows are thrown into buckets at random, then each bucket is shuffled.

    `folder` holds the buckets, as Arrow streams one after another; a bucket is about `rows` rows and becomes a shard.
    """

    def __init__(self, folder: Path, total: int, rows: int, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.buckets = max(1, -(-total // rows))
        self._held: list[tuple[Table, Any]] = []
        self._bytes = 0

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def add(self, number: int, table: Table) -> None:
        """Throw table `number` (each number once: it seeds the throw)."""
        random = np.random.Generator(np.random.PCG64([self.seed, 0, number]))
        self._held.append((table, random.integers(self.buckets, size=table.num_rows)))
        self._bytes += table.nbytes
        if self._bytes >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Append what is held to the buckets."""
        if not self._held:
            return
        table = pa.concat_tables([table for table, _ in self._held]).combine_chunks()
        buckets = np.concatenate([numbers for _, numbers in self._held])
        order = np.argsort(buckets, kind="stable")
        bounds = np.searchsorted(buckets[order], range(self.buckets + 1))
        for bucket in range(self.buckets):
            rows = order[bounds[bucket] : bounds[bucket + 1]]
            if len(rows):
                with self._path(bucket).open("ab") as file, pa.ipc.new_stream(file, table.schema) as stream:
                    stream.write_table(table.take(pa.array(rows)))
        self._held, self._bytes = [], 0

    def finish(self) -> None:
        """Return when all that was added is on the disk."""
        self.flush()
        for path in sorted(self.folder.iterdir()):
            with path.open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(self.folder)

    def bucket(self, number: int, schema: Schema) -> Table:
        """The rows of one bucket in their new order."""
        tables = []
        if self._path(number).exists():
            with self._path(number).open("rb") as file:
                end = file.seek(0, 2)
                file.seek(0)
                while file.tell() < end:
                    with pa.ipc.open_stream(file) as stream:
                        tables.append(stream.read_all())
        table = pa.concat_tables(tables).combine_chunks() if tables else schema.empty_table()
        random = np.random.Generator(np.random.PCG64([self.seed, 1, number]))
        return table.take(pa.array(random.permutation(table.num_rows)))

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:05d}.arrows"
