"""Set rows apart for testing."""

import heapq
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from factory.arrays import Table, pa
from factory.errors import FactoryError
from factory.rows.executors import ShardFunction
from factory.rows.outcomes import ShardResult
from factory.rows.step import RowStep, input_shards
from factory.step.base import Columns
from factory.step.job import Job
from factory.store import is_full, read_shard, write_shard
from factory.store.columns import contents, read_columns
from factory.text.digest import digest

Size = Annotated[int, Field(ge=1)] | Annotated[float, Field(gt=0, lt=1)]
PARTS = "parts"
SPACE = 1 << 128  # a digest is a number below this


class Split(RowStep):
    """Writes splits train, test and validation; `test` and `validation` are numbers of rows or shares of all.

    A row's split follows from its content (the `columns`, or all): rows are ordered by a digest of seed and
    content, `test` takes the first, `validation` the next. So a row stays where it is when rows are added: always with
    a share, and with a number unless an added row comes before it. Equal rows fall together, but for the last one of a
    number. Every row counts as kept.
    """

    renamed: ClassVar[Mapping[str, str]] = {"on": "columns"}

    test: Size | None = None
    validation: Size | None = None
    seed: int = Field(0, ge=0)
    columns: Columns | None = Field(None, description="columns that must not be shared by two splits; default: all")

    @model_validator(mode="after")
    def _some_size(self) -> Self:
        if not self.sizes:
            raise ValueError("give `test`, `validation` or both: a number of rows, or a share such as 0.1")
        if sum(size for size in self.sizes.values() if size < 1) >= 1:
            raise ValueError("the shares leave nothing to train on")
        return self

    @property
    def sizes(self) -> dict[str, int | float]:
        given = {"test": self.test, "validation": self.validation}
        return {name: size for name, size in given.items() if size is not None}

    def _keys(self, number: int, table: Table) -> list[tuple[int, int]]:
        """(digest, place) of each row; the place tells equal rows apart."""
        columns = [contents(table, name) for name in self.columns or table.column_names]
        rows: Any = zip(*columns, strict=True)
        salt = f"split {self.seed}"
        return [
            (int.from_bytes(digest([str(v) if v.__class__.__name__ == "NotText" else v for v in values], salt)), row)
            for row, values in enumerate(rows, number << 32)
        ]

    def _bounds(self, shards: list[Path]) -> dict[str, tuple[int, int]]:
        """For each split the key that its rows lie below; the splits follow each other."""
        lower, bounds = (-1, -1), {}
        for name, size in self.sizes.items():
            if size < 1:
                bounds[name] = lower = (lower[0] + int(size * SPACE), -1)
                continue
            smallest: list[tuple[int, int]] = []  # a heap of negated keys: the largest of the smallest is on top
            for number, path in enumerate(shards):
                for key in self._keys(number, read_columns(path, self.columns)):
                    if key <= lower:
                        continue
                    if len(smallest) < size:
                        heapq.heappush(smallest, (-key[0], -key[1]))
                    elif (-key[0], -key[1]) > smallest[0]:
                        heapq.heapreplace(smallest, (-key[0], -key[1]))
            if len(smallest) < size:
                raise FactoryError(f"{name}: {size} rows are wanted, {len(smallest)} are there")
            bounds[name] = lower = (-smallest[0][0], -smallest[0][1])
        return bounds

    @contextmanager
    def working(self, job: Job) -> Iterator[ShardFunction]:
        bounds = self._bounds(input_shards(job.input))
        yield lambda number, table, tick: self._shard(job, bounds, number, table)

    def _shard(self, job: Job, bounds: dict[str, tuple[int, int]], number: int, table: Table) -> ShardResult:
        rows: dict[str, list[int]] = {name: [] for name in ("train", *bounds)}
        for row, key in enumerate(self._keys(number, table)):
            rows[next((name for name, bound in bounds.items() if key <= bound), "train")].append(row)
        for name in bounds:
            write_shard(job.out / PARTS / f"{name}-{number:05d}.parquet", table.take(pa.array(rows[name], pa.int64())))
        train = table.take(pa.array(rows["train"], pa.int64()))
        return ShardResult(table, written=train, totals={name: len(found) for name, found in rows.items()})

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        """Join the small pieces that every shard left of `test` and `validation`."""
        parts = job.out / PARTS
        for name in self.sizes if parts.exists() else ():
            _join(sorted(parts.glob(f"{name}-*.parquet")), job.out / "data", name)
        if parts.exists():
            shutil.rmtree(job.out / f"{PARTS}.old", ignore_errors=True)
            parts.rename(job.out / f"{PARTS}.old")  # in one move: a kill while they are deleted leaves no half of them
        shutil.rmtree(job.out / f"{PARTS}.old", ignore_errors=True)
        job.metrics["splits"] = {name: int(count) for name, count in totals.items()}


def _join(paths: list[Path], folder: Path, name: str) -> None:
    waiting: list[Table] = []
    written = 0
    for path in paths:
        waiting.append(read_shard(path))
        if path == paths[-1] or is_full(waiting):
            write_shard(folder / f"{name}-{written:05d}.parquet", pa.concat_tables(waiting))
            waiting, written = [], written + 1
