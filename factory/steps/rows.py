"""The base of verbs that look at rows: one row in, one outcome out, shard by shard, resumable at every shard."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from factory.errors import FactoryError
from factory.steps.base import Step
from factory.store import TRAIN, RowCounts, Usage, write_shard
from factory.store.columns import plain, with_column

if TYPE_CHECKING:
    import pyarrow as pa

    from factory.job import Artifact, Job

EXAMPLES = 3  # rejected rows per reason that a card may show
EXAMPLE_CHARACTERS = 240


@dataclass(frozen=True)
class Verdict:
    """Why a row is not kept. `reason` is what counts are grouped by, `detail` is about this row.

    A verdict that is not `stored` is counted only: rows that a sample did not draw are no finding about the data.
    """

    outcome: Literal["rejected", "failed"]
    reason: str
    detail: str = ""
    stored: bool = True

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


def rejected(reason: str, detail: str = "") -> Verdict:
    return Verdict("rejected", reason, detail)


def failed(verb: str, error: object) -> Verdict:
    """The row could not be worked on: `error` is an exception or says what came back."""
    if isinstance(error, Exception):
        return Verdict("failed", f"{verb}: {type(error).__name__}", str(error)[:200])
    return Verdict("failed", verb, str(error)[:200])


@dataclass
class ShardResult:
    """What a verb made of one shard.

    Attributes:
        table: every input row in its order, with the columns that kept rows have.
        verdicts: row number -> verdict, of the rows that are not kept.
        usage: tokens and requests that this shard cost.
        totals: numbers that are added up over the shards and given to `finish`.
        values: lists of numbers by name; `finish` gets their percentiles over all shards.
    """

    table: pa.Table
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    totals: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[str, list[float]] = field(default_factory=dict)


Tick = Callable[..., None]
"""Says how far the shard is: ``tick(share, tokens=…)``, with share from 0 to 1."""

Work = Callable[[int, "pa.Table", Tick], ShardResult]


class RowStep(Step):
    """A verb whose output shard i comes from input shard i. Subclasses write `apply`, or `working` if they hold state.

    A shard's files are written atomically, then its line goes into the ledger; a rerun skips shards with a line. So
    `work` must give the same result for the same shard whatever was interrupted before.
    """

    produces: ClassVar[Literal["dataset", "model", "evaluation"]] = "dataset"

    def apply(self, table: pa.Table) -> ShardResult:
        """The work on one shard where nothing is carried from one to the next."""
        raise NotImplementedError

    @contextmanager
    def working(self, job: Job) -> Iterator[Work]:
        """Yield the function that works on (shard number, table, tick). What it opens is closed at the end."""
        yield lambda number, table, tick: self.apply(table)

    @abstractmethod
    def check_columns(self, columns: list[str] | None) -> list[str] | None: ...

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        """Put totals over all shards into ``job.metrics``."""

    def run(self, job: Job) -> None:
        """Work through the shards of ``job.before``; fills ``job.rows``, ``job.usage`` and ``job.metrics``.

        Raises:
            FactoryError: a column is missing or has the wrong type, or the input has no such split.
        """
        shards = input_shards(job.before)
        check_input(self, job.before)
        entries: dict[int, dict[str, Any]] = {}
        total = job.before.dataset.num_rows(job.before.split)
        with job.ledger() as ledger, job.progress.task(job.name, total=total) as progress:
            for entry in ledger:
                entries[entry["shard"]] = entry
                rows = entry["rows"]
                progress.advance(rows["in"], kept=rows["kept"], rejected=rows["rejected"], failed=rows["failed"])
            with self.working(job) as work:
                for number, path in enumerate(shards):
                    if number not in entries:
                        entries[number] = self._one_shard(job, number, path, work)
                        ledger.append(entries[number])
        self._summarize(job, [entries[number] for number in range(len(shards))])

    def _one_shard(self, job: Job, number: int, path: Path, work: Work) -> dict[str, Any]:
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            table = file.read()
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
            "values": {name: _sketch(values) for name, values in result.values.items()},
            "examples": _examples(result),
        }

    def _summarize(self, job: Job, entries: list[dict[str, Any]]) -> None:
        job.rows = RowCounts.model_validate({})
        totals: dict[str, float] = {}
        examples: dict[str, list[dict[str, str]]] = {}
        for entry in entries:
            job.rows.add(RowCounts.model_validate(entry["rows"]))
            job.usage.prompt_tokens += entry["usage"]["prompt_tokens"]
            job.usage.completion_tokens += entry["usage"]["completion_tokens"]
            job.usage.requests += entry["usage"]["requests"]
            for name, value in entry["totals"].items():
                totals[name] = totals.get(name, 0) + value
            for reason, rows in entry["examples"].items():
                examples.setdefault(reason, []).extend(rows)
        if examples:
            job.metrics["examples"] = {reason: rows[:EXAMPLES] for reason, rows in examples.items()}
        if names := {name: None for entry in entries for name in entry["values"]}:
            job.metrics["percentiles"] = {
                name: _percentiles([e["values"].get(name) for e in entries]) for name in names
            }
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


def write_result(out: Path, number: int, result: ShardResult) -> RowCounts:
    """Write one shard's kept and stored rejected rows; returns its accounts."""
    import numpy as np
    import pyarrow as pa

    table, name = result.table, f"{TRAIN}-{number:05d}.parquet"
    counts = RowCounts.model_validate({"in": table.num_rows, "kept": table.num_rows - len(result.verdicts)})
    for verdict in result.verdicts.values():
        if verdict.outcome == "rejected":
            counts.rejected += 1
        else:
            counts.failed += 1
        counts.reasons[verdict.reason] = counts.reasons.get(verdict.reason, 0) + 1
    if stored := sorted(row for row, verdict in result.verdicts.items() if verdict.stored):
        verdicts = [result.verdicts[row] for row in stored]
        rest = _free_names(table.take(pa.array(stored)))
        rest = rest.append_column("outcome", pa.array([verdict.outcome for verdict in verdicts], pa.string()))
        rest = rest.append_column("reason", pa.array([str(verdict) for verdict in verdicts], pa.string()))
        write_shard(out / "rejected" / name, rest)
    if result.verdicts:
        keep = np.ones(table.num_rows, dtype=bool)
        keep[list(result.verdicts)] = False
        table = table.filter(pa.array(keep))
    write_shard(out / "data" / name, table)
    return counts


def _free_names(table: pa.Table) -> pa.Table:
    """Columns of the data that are called like the two we add step aside."""
    taken = {"outcome": "outcome_before", "reason": "reason_before"}
    return table.rename_columns([taken.get(name, name) for name in table.column_names])


def _examples(result: ShardResult) -> dict[str, list[dict[str, str]]]:
    from factory.store.columns import is_text

    rows: dict[str, list[int]] = {}
    for row in sorted(result.verdicts):
        verdict = result.verdicts[row]
        if verdict.stored and len(known := rows.setdefault(verdict.reason, [])) < EXAMPLES:
            known.append(row)
    names = [f.name for f in result.table.schema if is_text(f.type)]

    def show(row: int) -> dict[str, str]:
        values = {name: plain(result.table[name].slice(row, 1))[0] for name in names}
        shown = {name: value[:EXAMPLE_CHARACTERS] for name, value in values.items() if isinstance(value, str)}
        return {**shown, "reason": str(result.verdicts[row])}

    return {reason: [show(row) for row in numbers] for reason, numbers in rows.items()}


def _sketch(values: list[float]) -> dict[str, Any]:
    import numpy as np

    if not values:
        return {"n": 0, "at": []}
    return {"n": len(values), "at": np.round(np.percentile(values, range(0, 101, 2)), 4).tolist()}


def _percentiles(sketches: list[dict[str, Any] | None]) -> dict[str, float]:
    """Percentiles over all shards from each shard's own: within 2 percent ranks of the exact ones."""
    import numpy as np

    found = [sketch for sketch in sketches if sketch and sketch["n"]]
    if not found:
        return {}
    values = np.concatenate([sketch["at"] for sketch in found])
    weights = np.concatenate([np.full(len(sketch["at"]), sketch["n"] / len(sketch["at"])) for sketch in found])
    order = np.argsort(values, kind="stable")
    ranks = np.cumsum(weights[order]) / weights.sum() * 100
    return {
        f"p{p}": float(values[order][min(np.searchsorted(ranks, p), len(ranks) - 1)])
        for p in (1, 5, 25, 50, 75, 95, 99)
    }


__all__ = [
    "RowStep",
    "ShardResult",
    "Tick",
    "Verdict",
    "Work",
    "check_input",
    "failed",
    "input_shards",
    "rejected",
    "with_column",
    "write_result",
]
