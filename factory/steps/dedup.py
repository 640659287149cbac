"""Keep the first of rows that say the same."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from factory.arrays import Table, ndarray, np
from factory.images.hashing import BITS
from factory.rows.executors import ShardFunction, Tick
from factory.rows.minhash import Nearest, signatures
from factory.rows.near_images import image_signature
from factory.rows.outcomes import ShardResult, Verdict, failed, rejected
from factory.rows.step import RowStep, input_shards
from factory.step.base import Columns, Limit
from factory.step.job import Job
from factory.store import write_atomically
from factory.store.columns import NotText, contents, image_rows, read_columns
from factory.text.arabic import normalize
from factory.text.digest import SIZE, digest

KEYS, SIGNATURES = "keys", "signatures"
SORTED_AT_ONCE = 4_000_000  # keys; about 300 MB

Doubles = Callable[[int, int], Iterator[tuple[int, Verdict]]]
"""The rows from the one number to the other, counted from the first of them, that repeat an earlier one."""


class Near(BaseModel):
    """What counts as nearly the same: ``near: {}`` takes the defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: Annotated[float, Limit] = Field(
        0.8, ge=0.5, lt=1, description="estimated Jaccard similarity of the n-gram sets (0.8: Gopher, appendix A.1)"
    )
    ngram: int = Field(5, ge=1, le=50, description="words in an n-gram (5: FineWeb, section 3.4)")
    num_perm: int = Field(
        128, ge=16, le=1024, description="hashes per signature; the estimate's error is at most 0.5 / sqrt(num_perm)"
    )


class NearImages(BaseModel):
    """What counts as nearly the same picture: ``near_images: {}`` takes the default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: Annotated[float, Limit] = Field(
        0.9,
        ge=0.5,
        le=0.98,
        description="equal bits of two perceptual hashes of 64 bits (assumed: copies in another size or compression "
        "stay above 0.9, other pictures below 0.8)",
    )


class Dedup(RowStep):
    """Rejects a row whose `columns` equal (or nearly equal) those of an earlier row (``dedup: seen before``).

    With `normalize`, texts are equal if they differ only in case, punctuation, white space, Unicode form, Arabic vowel
    marks and spelling variants. Null is a value like others. First a digest of every row is written to disk, then the
    digests are sorted in portions of equal keys, so that memory grows by one byte a row and time by the row.

    With `near`, a row is rejected where the MinHash estimate of its similarity to any earlier row, kept or not,
    reaches the threshold (``dedup: near an earlier row: 0.92 like row 17``, rows counted from 0). Case, punctuation
    and Arabic spelling variants never count then. Signatures stay on disk, 4 x num_perm bytes a row, so that another
    threshold compares them without the texts; memory grows by 12 bytes a row.

    Pictures are equal if their bytes are, whatever their names. With `near_images`, where `columns` hold pictures
    alone, a row's picture is compared by its perceptual hash, which sees no colour; rows of several pictures are near
    to their equals only, rows without one to none.
    """

    later: ClassVar[tuple[str, ...]] = ("near_images",)
    renamed: ClassVar[Mapping[str, str]] = {"on": "columns"}

    columns: Columns = Field(description="columns that make a row what it is")
    normalize: bool = False
    near: Near | None = Field(None, description="near duplicates too; default: only what is equal")
    near_images: NearImages | None = Field(None, description="pictures that look the same too")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.near and self.near_images:
            raise ValueError("`near` is for texts and `near_images` for pictures: give one of them")
        return self

    @contextmanager
    def working(self, job: Job) -> Iterator[ShardFunction]:
        folder, size = (job.made / SIGNATURES, 4 * self._positions) if self._positions else (job.out / KEYS, SIZE)
        files = [self._keys(path, folder / f"{n:05d}", size) for n, path in enumerate(input_shards(job.input))]
        starts = np.cumsum([0, *(file.stat().st_size // size for file in files)])
        near = self.near or self.near_images
        doubles = self._near(files, near.threshold) if near else self._exact(files, starts)

        def work(number: int, table: Table, tick: Tick) -> ShardResult:
            verdicts = {row: failed(self.verb, error) for row, error in self._unreadable(table, files[number], size)}
            for row, verdict in doubles(starts[number], starts[number + 1]):
                verdicts.setdefault(row, verdict)
            return ShardResult(table, verdicts)

        yield work

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        shutil.rmtree(job.out / KEYS, ignore_errors=True)

    def _exact(self, files: list[Path], starts: ndarray) -> Doubles:
        later, verdict = _later(files, starts), rejected("dedup: seen before")
        return lambda start, stop: ((row, verdict) for row in later[start:stop].nonzero()[0].tolist())

    @property
    def _positions(self) -> int:
        """Of a signature; 0 where only what is equal counts."""
        return self.near.num_perm if self.near else BITS if self.near_images else 0

    def _near(self, files: list[Path], threshold: float) -> Doubles:
        nearest = Nearest(files, self._positions, threshold)

        def doubles(start: int, stop: int) -> Iterator[tuple[int, Verdict]]:
            rows, likeness = nearest.rows[start:stop], nearest.similarity[start:stop]
            for row in (rows >= 0).nonzero()[0].tolist():
                yield row, rejected("dedup: near an earlier row", f"{likeness[row]:.2f} like row {rows[row]}")

        return doubles

    def _keys(self, shard: Path, file: Path, size: int) -> Path:
        """Write the key of every row, a digest or a signature of `size` bytes: zeros for a row that cannot be read."""
        if not file.exists():
            rows = list(self._found(read_columns(shard, self.columns), file.name))
            keys = [row for row in rows if not isinstance(row, Exception)]
            made = iter(signatures(keys, self.near.ngram, self.near.num_perm) if self.near else keys)
            file.parent.mkdir(parents=True, exist_ok=True)
            content = [bytes(size) if isinstance(row, Exception) else bytes(next(made)) for row in rows]
            write_atomically(file, b"".join(content))
        return file

    def _found(self, table: Table, shard: str = "") -> Iterator[Any]:
        """What stands for a row, or the exception of a row that cannot be read."""
        return self._images(table, shard) if self.near_images else self._rows(table)

    def _rows(self, table: Table) -> Iterator[Any]:
        """With `near` its texts, else a digest."""
        for values in zip(*(contents(table, name) for name in self.columns), strict=True):
            try:
                yield self._row(values)
            except Exception as error:  # one bad row never stops a run
                yield error

    def _images(self, table: Table, shard: str) -> Iterator[bytes | Exception]:
        """The signature of a row's pictures; the exception of a row of which one cannot be seen."""
        for number, pictures in enumerate(image_rows(table, self.columns)):
            try:
                yield image_signature(pictures, f"{shard}:{number}")
            except ValueError as error:
                yield error

    def _row(self, values: tuple[Any, ...]) -> list[str] | bytes:
        if bad := next((value for value in values if isinstance(value, NotText)), None):
            raise bad.error
        if self.near:
            return [*map(_text, values)]
        if self.normalize:
            values = tuple(normalize(value) if isinstance(value, str) else value for value in values)
        return digest(values)

    def _unreadable(self, table: Table, file: Path, size: int) -> Iterator[tuple[int, Exception]]:
        if bytes(size) in (keys := file.read_bytes()):
            for row in range(table.num_rows):
                if keys[row * size : (row + 1) * size] == bytes(size):
                    yield row, next(self._found(table.slice(row, 1)))


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, default=str)


def _later(files: list[Path], starts: ndarray) -> ndarray:
    """Of all rows: does one with the same key come before it?"""
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
