"""Draw rows at random."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from pydantic import Field, model_validator

from factory.arrays import np, pq
from factory.rows.executors import ShardFunction
from factory.rows.outcomes import ShardResult, Verdict
from factory.rows.sampling import draw
from factory.rows.step import RowStep, input_shards
from factory.step.job import Job


class Sample(RowStep):
    """Keeps `n` rows, or a `fraction` of them, drawn uniformly without replacement, in their old order.

    Rows that are not drawn count as rejected (``sample: not drawn``) so that the accounts balance, but they are not
    stored: nothing is wrong with them. With fewer than `n` rows all are kept, and the manifest notes it.
    """

    n: int | None = Field(None, ge=1)
    fraction: float | None = Field(None, gt=0, le=1)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if (self.n is None) == (self.fraction is None):
            raise ValueError("give either `n` or `fraction`")
        return self

    @contextmanager
    def working(self, job: Job) -> Iterator[ShardFunction]:
        sizes = [pq.read_metadata(path).num_rows for path in input_shards(job.input)]
        count = self.n if self.n is not None else round((self.fraction or 0) * sum(sizes))
        if count > sum(sizes):
            job.notes.append(f"{count} rows were asked for, there are {sum(sizes)}")
        drawn = list(draw(sizes, count, self.seed)) if count < sum(sizes) else [np.arange(size) for size in sizes]
        verdict = Verdict("rejected", "sample: not drawn", stored=False)
        yield lambda number, table, tick: ShardResult(
            table, dict.fromkeys(set(range(table.num_rows)).difference(drawn[number].tolist()), verdict)
        )
