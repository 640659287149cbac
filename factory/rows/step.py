"""The base of verbs that look at rows: one row in, one outcome out, shard by shard, resumable at every shard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from factory.errors import FactoryError
from factory.rows.executors import ShardFunction
from factory.rows.executors.processes import in_processes
from factory.rows.outcomes import EXAMPLES, ShardResult, examples, percentiles, sketch, write_result
from factory.step.base import Step
from factory.store import RowCounts, Usage, read_shard

if TYPE_CHECKING:
    import pyarrow as pa

    from factory.step.job import Artifact, Job

PARALLEL_ROWS = 50_000  # fewer rows are done before the processes have started


class RowStep(Step):
    """A verb whose output shard i comes from input shard i. Subclasses write `apply`, or `working` if they hold state.

    A shard's files are written atomically, then its line goes into the ledger; a rerun skips shards with a line. So
    `work` must give the same result for the same shard whatever was interrupted before.

    Attributes:
        parallel: shards do not depend on each other and cost mostly Python: large inputs go to several processes.
    """

    parallel: ClassVar[bool] = False

    produces: ClassVar[Literal["dataset", "model", "evaluation"]] = "dataset"

    def apply(self, table: pa.Table) -> ShardResult:
        """The work on one shard where nothing is carried from one to the next."""
        raise NotImplementedError

    @contextmanager
    def working(self, job: Job) -> Iterator[ShardFunction]:
        """Yield the function that works on (shard number, table, tick). What it opens is closed at the end."""
        yield lambda number, table, tick: self.apply(table)

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        """Put totals over all shards into ``job.metrics``."""

    def run(self, job: Job) -> None:
        """Work through the shards of ``job.input``; fills ``job.rows``, ``job.usage`` and ``job.metrics``.

        Raises:
            FactoryError: a column is missing or has the wrong type, or the input has no such split.
        """
        source = job.input
        shards = input_shards(source)
        check_input(self, source)
        entries: dict[int, dict[str, Any]] = {}
        total = source.dataset.num_rows(source.split)
        with job.ledger() as ledger, job.progress.task(job.name, total=total):
            for entry in ledger:
                entries[entry["shard"]] = entry
                self._show(job, entry)
            job.progress.resume()
            missing = {number: path for number, path in enumerate(shards) if number not in entries}
            processes = min(job.profile.threads or os.cpu_count() or 1, len(missing)) if self.parallel else 1
            if processes > 1 and total >= PARALLEL_ROWS:
                for entry in in_processes(self, job, missing, processes):
                    entries[entry["shard"]] = entry
                    ledger.append(entry)
                    self._show(job, entry)
            elif missing:
                with self.working(job) as work:
                    for number, path in missing.items():
                        entries[number] = self.one_shard(job, number, path, work)
                        ledger.append(entries[number])
        self._summarize(job, [entries[number] for number in range(len(shards))])

    def _show(self, job: Job, entry: dict[str, Any]) -> None:
        rows = entry["rows"]
        job.progress.advance(rows["in"], kept=rows["kept"], rejected=rows["rejected"], failed=rows["failed"])

    def one_shard(self, job: Job, number: int, path: Path, work: ShardFunction) -> dict[str, Any]:
        table = read_shard(path)
        shown = 0

        def tick(share: float, **counts: int) -> None:
            nonlocal shown
            rows = int(share * table.num_rows)
            job.progress.advance(rows - shown, **counts)
            shown = rows

        result = work(number, table, tick)
        rows = write_result(job.out, number, result)
        counts = {"kept": rows.kept, "rejected": rows.rejected, "failed": rows.failed}
        job.progress.advance(table.num_rows - shown, **counts)
        return {
            "shard": number,
            "rows": rows.model_dump(by_alias=True),
            "usage": result.usage.model_dump(exclude={"seconds"}),
            "totals": dict(result.totals),
            "values": {name: sketch(values) for name, values in result.values.items()},
            "examples": examples(result),
        }

    def _summarize(self, job: Job, entries: list[dict[str, Any]]) -> None:
        job.rows = RowCounts.model_validate({})
        totals: dict[str, float] = {}
        shown: dict[str, list[dict[str, str]]] = {}
        for entry in entries:
            job.rows.add(RowCounts.model_validate(entry["rows"]))
            job.usage.add(Usage.model_validate(entry["usage"]))
            for name, value in entry["totals"].items():
                totals[name] = totals.get(name, 0) + value
            for reason, rows in entry["examples"].items():
                shown.setdefault(reason, []).extend(rows)
        if shown:
            job.metrics["examples"] = {reason: rows[:EXAMPLES] for reason, rows in shown.items()}
        if found := percentiles([entry["values"] for entry in entries]):
            job.metrics["percentiles"] = found
        self.finish(job, totals)


def input_shards(source: Artifact) -> list[Path]:
    """The shards of the split that `source` means.

    Raises:
        FactoryError: it has no such split.
    """
    if shards := source.dataset.shards(source.split):
        return shards
    splits = source.dataset.splits
    raise FactoryError(f"{source.name} has no split {source.split!r}", fix=f"it has: {', '.join(splits) or 'none'}")


def check_input(step: Step, source: Artifact) -> None:
    """Check the columns that are really there, before any work."""
    step.check_columns(source.dataset.schema(source.split).names)
