"""The base of verbs that score rows with a model: scores are kept apart from what is accepted by them."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.rows.executors import ShardFunction, Tick
from factory.rows.outcomes import ShardResult, Verdict, rejected
from factory.rows.step import RowStep
from factory.store import Manifest, Usage, write_shard
from factory.store.columns import with_column

if TYPE_CHECKING:
    import pyarrow as pa

    from factory.step.job import Job

FOLDER = "scores"


@dataclass
class Scores:
    """What a model said of one shard.

    Attributes:
        columns: name -> one value per row, null where a row has none; they stand beside the rows.
        verdicts: rows that no limit decides on: unfit, cut off, or answered with what is no score.
        usage, totals: as in `ShardResult`.
    """

    columns: dict[str, pa.Array]
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    totals: Mapping[str, float] = field(default_factory=dict)


ScoreShard = Callable[[int, "pa.Table", Tick], Scores]


class ScoreStep(RowStep):
    """A verb with two halves: `scoring` finds the scores out, most often by a model, `accepted` applies the recipe's
    limits.

    The scores of every shard are written to ``scores/`` before any limit is applied. A finished artifact at the same
    place, of the same input and made with the same parameters but for the limits, lends its scores: a new limit sorts
    the rows anew and scores none.
    """

    @abstractmethod
    def scoring(self, job: Job) -> AbstractContextManager[ScoreShard]:
        """Open the model; yields the function that scores a shard."""

    def accepted(self, scores: Mapping[str, Any]) -> Verdict | None:
        """What becomes of a row with these scores (column -> value); None: it is kept. Or write `sort_out`."""
        raise NotImplementedError

    @abstractmethod
    def without_limits(self, parameters: dict[str, Any]) -> dict[str, Any] | None:
        """The parameters that the scores depend on; None where the limits change the scores too."""

    def hidden(self, columns: list[str]) -> list[str]:
        """Of the columns of the scores, those that kept rows do not have."""
        return []

    def run(self, job: Job) -> None:
        if self._lent(job) is not None:
            job.notes.append(f"{self.verb}: scores taken from an earlier build that differs in its limits only")
        super().run(job)

    @contextmanager
    def working(self, job: Job) -> Iterator[ShardFunction]:
        own, lent = job.out / FOLDER, self._lent(job)
        with ExitStack() as stack:
            score: ScoreShard | None = None

            def work(number: int, table: pa.Table, tick: Tick) -> ShardResult:
                nonlocal score
                path = own / f"{number:05d}.parquet"
                if not path.exists():
                    if lent is not None:
                        found = _read(lent / path.name)
                        found.usage = Usage()  # paid for then
                    else:
                        score = score or stack.enter_context(self.scoring(job))
                        found = score(number, table, tick)
                    _write(path, found, table.num_rows)
                return self.sort_out(table, _read(path))

            yield work

    def sort_out(self, table: pa.Table, scores: Scores) -> ShardResult:
        """The rows of a shard with their scores beside them, and what becomes of each by the limits."""
        values = {name: column.to_pylist() for name, column in scores.columns.items()}
        verdicts = dict(scores.verdicts)
        for row in range(table.num_rows):
            if row not in verdicts:
                verdict = self.accepted({name: column[row] for name, column in values.items()})
                if verdict is not None:
                    verdicts[row] = verdict
        for name, column in scores.columns.items():
            table = with_column(table, name, column)
        numbers = {
            name: [value for value in column if value is not None]
            for name, column in values.items()
            if _is_number(scores.columns[name].type)
        }
        hidden = self.hidden(list(scores.columns))
        return ShardResult(table, verdicts, scores.usage, scores.totals, numbers, hidden=hidden)

    def _lent(self, job: Job) -> Path | None:
        """The newest scores that can be taken over."""
        wanted = self._needs(job, self.parameters())
        found: list[tuple[str, Path]] = []
        for path in job.out.parent.glob(f"*-{self.verb}-*/{FOLDER}"):
            manifest = Manifest.load(path.parent)
            if wanted is None or manifest is None or not manifest.identity:
                continue
            identity = manifest.identity
            known = {
                **identity,
                "parameters": self.without_limits(identity["parameters"]),
                "inputs": [*identity.get("inputs", {}).values()],
            }
            if {name: known.get(name) for name in wanted} == wanted:
                found.append((manifest.created, path))
        return max(found)[1] if found else None

    def _needs(self, job: Job, parameters: dict[str, Any]) -> dict[str, Any] | None:
        """What the scores depend on, in the words of a manifest's identity."""
        known = self.without_limits(parameters)
        if known is None or job.source is None:
            return None
        needs: dict[str, Any] = {
            "verb": self.verb,
            "version": self.version,
            "parameters": known,
            "source": _identity(job.source),
            "inputs": [_identity(job.inputs[value]) for _, value, _ in self.references()],
            "trust_remote_code": True if job.trust_remote_code else None,
        }
        return {**needs, "language": job.language} if self.uses_language else needs


def below(reason: str, score: float | None, limit: float | None) -> Verdict | None:
    """``similarity: 0.61 < 0.8``; None where there is no score, no limit, or the limit is reached."""
    if score is None or limit is None or score >= limit:
        return None
    shown = f"{score:.4g}" if float(f"{score:.4g}") < limit else f"{score:.9g}"
    return rejected(reason, f"{shown} < {limit:g}")


def worst(one: float | None, other: float | None) -> float | None:
    """The lower of two scores, of which either may be missing."""
    return other if one is None else one if other is None else min(one, other)


def _identity(artifact: Any) -> str:
    digest = artifact.manifest.fingerprint
    return digest if artifact.split == "train" else f"{digest}:{artifact.split}"


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_floating(kind) or pa.types.is_integer(kind)


def _write(path: Path, scores: Scores, rows: int) -> None:
    import pyarrow as pa

    said = {
        "verdicts": {row: [v.outcome, v.reason, v.detail] for row, v in scores.verdicts.items()},
        "usage": scores.usage.model_dump(),
        "totals": dict(scores.totals),
    }
    columns = scores.columns or {"row": pa.array(range(rows))}  # a table without columns has no rows
    table = pa.table(columns).replace_schema_metadata({FOLDER: json.dumps(said, ensure_ascii=False)})
    write_shard(path, table)


def _read(path: Path) -> Scores:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        table = file.read()
    said = json.loads((table.schema.metadata or {})[FOLDER.encode()])
    columns = {name: table[name].combine_chunks() for name in table.column_names if name != "row"}
    verdicts = {int(row): Verdict(*parts) for row, parts in said["verdicts"].items()}
    return Scores(columns, verdicts, Usage.model_validate(said["usage"]), said["totals"])
