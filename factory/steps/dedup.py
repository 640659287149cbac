"""Keep the first of rows that say the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from factory.rows.executors import ShardFunction, Tick
from factory.rows.minhash import Nearest, signatures
from factory.rows.outcomes import ShardResult, Verdict, failed, rejected
from factory.rows.step import RowStep, input_shards
from factory.step.words import Columns
from factory.store import write_atomically
from factory.store.columns import NotText, column, plain, read_columns, require
from factory.text.arabic import normalize
from factory.text.digest import SIZE, digest

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from factory.step.job import Job

KEYS = "keys"
SORTED_AT_ONCE = 4_000_000  # keys; about 300 MB
UNREADABLE = bytes(SIZE)


class Near(BaseModel):
    """What counts as nearly the same: ``near: {}`` takes the defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: float = Field(
        0.8,
        ge=0.5,
        lt=1,
        description="estimated Jaccard similarity of the n-gram sets (0.8: Gopher, appendix A.1)",
    )
    ngram: int = Field(5, ge=1, le=50, description="words in an n-gram (5: FineWeb, section 3.4)")
    num_perm: int = Field(
        128, ge=16, le=1024, description="hashes per signature; the estimate's error is at most 0.5 / sqrt(num_perm)"
    )


class Dedup(RowStep):
    """Rejects a row whose `columns` equal (or nearly equal) those of an earlier row (``dedup: seen before``).

    With `normalize`, texts are equal if they differ only in case, punctuation, white space, Unicode form, Arabic vowel
    marks and spelling variants. Null is a value like others. First a digest of every row is written to disk, then the
    digests are sorted in portions of equal keys, so that memory grows by one byte a row and time by the row.

    With `near`, a row is rejected where the MinHash estimate of its similarity to any earlier row, kept or not,
    reaches the threshold (``dedup: near an earlier row: 0.92 like row 17``, rows counted from 0). Case, punctuation
    and Arabic spelling variants never count then. Signatures wait on disk, 4 x num_perm bytes a row; memory grows by
    12 bytes a row.
    """

    renamed: ClassVar[Mapping[str, str]] = {"on": "columns"}

    columns: Columns = Field(description="columns that make a row what it is")
    normalize: bool = False
    near: Near | None = Field(None, description="near duplicates too; default: only what is equal")

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        require(self.columns, columns)
        return columns

    @contextmanager
    def working(self, job: Job) -> Iterator[ShardFunction]:
        yield self._near(job, self.near) if self.near else self._exact(job)

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        shutil.rmtree(job.out / KEYS, ignore_errors=True)

    def _exact(self, job: Job) -> ShardFunction:
        import numpy as np

        files = []
        for number, path in enumerate(input_shards(job.input)):
            files.append(job.out / KEYS / f"{number:05d}")
            if not files[-1].exists():
                files[-1].parent.mkdir(exist_ok=True)
                keys = [
                    key if isinstance(key, bytes) else UNREADABLE
                    for key in self._keys(read_columns(path, self.columns))
                ]
                write_atomically(files[-1], b"".join(keys))
        starts = np.cumsum([0, *(file.stat().st_size // SIZE for file in files)])
        later = _later(files, starts)
        return lambda number, table, tick: self._shard(
            table, files[number], later[starts[number] : starts[number + 1]]
        )

    def _near(self, job: Job, near: Near) -> ShardFunction:
        import numpy as np

        files, sizes = [], []
        for number, path in enumerate(input_shards(job.input)):
            files.append(job.out / KEYS / f"{number:05d}")
            if not files[-1].exists():
                files[-1].parent.mkdir(exist_ok=True)
                rows = [row for row, _ in self._texts(read_columns(path, self.columns), number)]
                write_atomically(files[-1], signatures(rows, near.ngram, near.num_perm).tobytes())
            sizes.append(files[-1].stat().st_size // (4 * near.num_perm))
        nearest = Nearest(files, near.num_perm, near.threshold)
        starts = np.cumsum([0, *sizes])

        def work(number: int, table: pa.Table, tick: Tick) -> ShardResult:
            here = slice(starts[number], starts[number + 1])
            verdicts: dict[int, Verdict] = {}
            for row, (_, error) in enumerate(self._texts(table, number)):
                if error is not None:
                    verdicts[row] = failed(self.verb, error)
            rows, likeness = nearest.rows[here], nearest.similarity[here]
            for row in (rows >= 0).nonzero()[0].tolist():
                detail = f"{likeness[row]:.2f} like row {rows[row]}"
                verdicts.setdefault(row, rejected("dedup: near an earlier row", detail))
            return ShardResult(table, verdicts)

        return work

    def _texts(self, table: pa.Table, number: int) -> Iterator[tuple[list[str], Exception | None]]:
        """The texts of every row. A row that cannot be read gets a text like no other, and its error."""
        columns = [plain(column(table, name)) for name in self.columns]
        for row, values in enumerate(zip(*columns, strict=True)):
            if bad := next((value for value in values if isinstance(value, NotText)), None):
                yield [f"unreadable {number} {row}"], bad.error
            else:
                yield [_text(value) for value in values], None

    def _keys(self, table: pa.Table) -> Iterator[bytes | Exception]:
        """A digest per row; the exception of a row that cannot be read."""
        for values in zip(*(plain(column(table, name)) for name in self.columns), strict=True):
            try:
                yield self._key(values)
            except Exception as error:  # one bad row never stops a run
                yield error

    def _key(self, values: tuple[Any, ...]) -> bytes:
        if bad := next((value for value in values if isinstance(value, NotText)), None):
            raise bad.error
        if self.normalize:
            values = tuple(normalize(value) if isinstance(value, str) else value for value in values)
        return digest(values)

    def _shard(self, table: pa.Table, file: Path, later: np.ndarray) -> ShardResult:
        duplicate = rejected("dedup: seen before")
        verdicts: dict[int, Verdict] = dict.fromkeys(later.nonzero()[0].tolist(), duplicate)
        keys = file.read_bytes()
        if UNREADABLE in keys:
            for row in range(table.num_rows):
                if keys[row * SIZE : (row + 1) * SIZE] == UNREADABLE:
                    verdicts[row] = failed(self.verb, next(self._keys(table.slice(row, 1))))
        return ShardResult(table, verdicts)


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, default=str)


def _later(files: list[Path], starts: np.ndarray) -> np.ndarray:
    """Of all rows: does one with the same key come before it?"""
    import numpy as np

    later = np.zeros(int(starts[-1]), dtype=bool)
    portions = -(-len(later) // SORTED_AT_ONCE)
    for portion in range(portions):
        keys, places = [], []
        for file, start in zip(files, starts, strict=False):
            known = np.fromfile(file, dtype=np.uint64).reshape(-1, 2)
            here = np.flatnonzero(known[:, 0] % np.uint64(portions) == portion)
            keys.append(known[here])
            places.append(here + start)
        key, place = np.concatenate(keys), np.concatenate(places)
        order = np.lexsort((key[:, 1], key[:, 0]))  # stable: equal keys stay in the order of their rows
        key, place = key[order], place[order]
        later[place[1:][(key[1:] == key[:-1]).all(axis=1)]] = True
    return later
