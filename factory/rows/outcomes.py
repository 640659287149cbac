"""What becomes of rows: verdicts, a worked shard on disk, and the few numbers that are kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from factory.store import TRAIN, RowCounts, Usage, write_shard
from factory.store.columns import is_text, plain

if TYPE_CHECKING:
    import pyarrow as pa

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
        values: lists of numbers by name, whose percentiles over all shards go into the metrics.
        written: what is stored as kept, where it is not `table` without the rows that have a verdict.
        hidden: columns that rejected rows have and kept rows have not.
        withheld: columns that are empty in the rows that are not kept: what they hold must not be shown.
    """

    table: pa.Table
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    totals: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[str, list[float]] = field(default_factory=dict)
    written: pa.Table | None = None
    hidden: Sequence[str] = ()
    withheld: Sequence[str] = ()


def emptied(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """The table with nulls in the columns of these names; types and metadata stay."""
    import pyarrow as pa

    for name in (name for name in names if name in table.column_names):
        place = table.schema.get_field_index(name)
        field = table.schema.field(place).with_nullable(True)
        table = table.set_column(place, field, pa.nulls(table.num_rows, field.type))
    return table


def write_result(out: Path, number: int, result: ShardResult, split: str = TRAIN) -> RowCounts:
    """Write one shard's kept and stored rejected rows; returns its accounts."""
    import numpy as np
    import pyarrow as pa

    table, name = result.table, f"{split}-{number:05d}.parquet"
    counts = RowCounts.model_validate({"in": table.num_rows, "kept": table.num_rows - len(result.verdicts)})
    for verdict in result.verdicts.values():
        if verdict.outcome == "rejected":
            counts.rejected += 1
        else:
            counts.failed += 1
        counts.reasons[verdict.reason] = counts.reasons.get(verdict.reason, 0) + 1
    if stored := sorted(row for row, verdict in result.verdicts.items() if verdict.stored):
        verdicts = [result.verdicts[row] for row in stored]
        rest = _free_names(emptied(table.take(pa.array(stored)), result.withheld))
        rest = rest.append_column("outcome", pa.array([verdict.outcome for verdict in verdicts], pa.string()))
        rest = rest.append_column("reason", pa.array([str(verdict) for verdict in verdicts], pa.string()))
        write_shard(out / "rejected" / name, rest)
    if result.written is not None:
        table = result.written
    elif result.verdicts:
        keep = np.ones(table.num_rows, dtype=bool)
        keep[list(result.verdicts)] = False
        table = table.filter(pa.array(keep))
    if result.hidden:
        table = table.drop_columns(list(result.hidden))
    write_shard(out / "data" / name, table)
    return counts


def _free_names(table: pa.Table) -> pa.Table:
    """Columns of the data that are called like the two we add step aside."""
    taken = {"outcome": "outcome_before", "reason": "reason_before"}
    return table.rename_columns([taken.get(name, name) for name in table.column_names])


def examples(result: ShardResult) -> dict[str, list[dict[str, str]]]:
    """Some stored rows for each reason: their texts, cut short, and the reason in full."""
    rows: dict[str, list[int]] = {}
    for row in sorted(result.verdicts):
        verdict = result.verdicts[row]
        if verdict.stored and len(known := rows.setdefault(verdict.reason, [])) < EXAMPLES:
            known.append(row)
    if not rows:
        return {}
    shown: dict[int, dict[str, str]] = {row: {} for numbers in rows.values() for row in numbers}
    texts = [column.name for column in result.table.schema if is_text(column.type)]
    for name in [name for name in texts if name not in result.withheld]:
        for row, value in zip(shown, plain(result.table[name].take(list(shown))), strict=True):
            if isinstance(value, str):
                shown[row][name] = value[:EXAMPLE_CHARACTERS]
    for row, said in shown.items():
        said["reason"] = str(result.verdicts[row])
    return {reason: [shown[row] for row in numbers] for reason, numbers in rows.items()}


def sketch(values: list[float]) -> dict[str, Any]:
    import numpy as np

    if not values:
        return {"n": 0, "at": []}
    return {"n": len(values), "at": np.round(np.percentile(values, range(0, 101, 2)), 4).tolist()}


def percentiles(shards: Sequence[Mapping[str, dict[str, Any]]]) -> dict[str, dict[str, float]]:
    """Percentiles of every list of numbers over all shards, from each shard's `sketch` of it by its name."""
    names = {name: None for sketches in shards for name in sketches}
    return {name: _percentiles([sketches[name] for sketches in shards if name in sketches]) for name in names}


def _percentiles(sketches: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Within 2 percent ranks of the exact ones."""
    import numpy as np

    found = [known for known in sketches if known["n"]]
    if not found:
        return {}
    values = np.concatenate([known["at"] for known in found])
    weights = np.concatenate([np.full(len(known["at"]), known["n"] / len(known["at"])) for known in found])
    order = np.argsort(values, kind="stable")
    ranks = np.cumsum(weights[order]) / weights.sum() * 100
    return {
        f"p{p}": float(values[order][min(np.searchsorted(ranks, p), len(ranks) - 1)])
        for p in (1, 5, 25, 50, 75, 95, 99)
    }
