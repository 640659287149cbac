"""The base of verbs that score rows with a model: scores are kept apart from what is accepted by them."""

from __future__ import annotations

import json
import shutil
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from factory.rows.executors import ShardFunction, Tick
from factory.rows.outcomes import ShardResult, Verdict, rejected
from factory.rows.step import RowStep
from factory.store import Manifest, Usage, write_shard
from factory.store.columns import with_column

if TYPE_CHECKING:
    import pyarrow as pa

    from factory.step.job import Job

HEADER = "scores"  # key in the metadata of a file of scores


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


ScoreShard = Callable[[int, "pa.Table", Tick, Scores | None], Scores]
"""(Number of a shard, its rows, tick, scores of it that lack something; None: there are none yet) to its scores."""


class ScoreStep(RowStep):
    """A verb with two halves: `scoring` finds the scores out, most often by a model, `decided` applies the limits.

    The scores of every shard are written to `folder` in ``job.made``, which all versions of the step share that differ
    in limits only. So another limit sorts the rows anew and scores none.
    """

    folder: ClassVar[str] = "scores"

    @abstractmethod
    def scoring(self, job: Job) -> AbstractContextManager[ScoreShard]:
        """Open the model; yields the function that scores a shard."""

    def lacks(self, known: Scores) -> bool:
        """Do these limits ask for more than was found out under others?"""
        return False

    def accepted(self, scores: Mapping[str, Any]) -> Verdict | None:
        """What becomes of a row with these scores (column -> value); None: it is kept."""
        return None

    def decided(self, table: pa.Table, scores: Scores) -> Scores:
        """What the limits make of the scores: the columns that stand beside the rows, and all verdicts."""
        values = {name: column.to_pylist() for name, column in scores.columns.items()}
        verdicts = dict(scores.verdicts)
        for row in range(table.num_rows):
            known = row in verdicts
            if not known and (verdict := self.accepted({name: column[row] for name, column in values.items()})):
                verdicts[row] = verdict
        return replace(scores, verdicts=verdicts)

    def hidden(self, columns: list[str]) -> list[str]:
        """Of the columns beside the rows, those that kept rows do not have."""
        return [] if getattr(self, "keep_scores", True) else columns

    def withheld(self, schema: pa.Schema) -> list[str]:
        """Of the columns before this step, those that rows it does not keep are written without."""
        return []

    def run(self, job: Job) -> None:
        folder = job.made / self.folder
        if not folder.exists():
            self._take_over(job, folder)
        if (first := next(folder.glob("*.parquet"), None)) and _header(first).get("for") != job.out.name:
            job.notes.append(f"{self.verb}: scores taken from an earlier build that differs in its limits only")
        super().run(job)

    def scores_file(self, made: Path, number: int) -> Path:
        """Where the scores of a shard lie, once they are found out; `made` is ``job.made``."""
        return made / self.folder / f"{number:05d}.parquet"

    def has_scored(self, made: Path, shards: int) -> bool:
        """Are the scores of so many shards all there, and all that these limits ask for? Then no model is asked."""
        files = [self.scores_file(made, number) for number in range(shards)]
        return all(file.exists() for file in files) and not any(self.lacks(_read(file, "")) for file in files)

    @contextmanager
    def working(self, job: Job) -> Iterator[ShardFunction]:
        with ExitStack() as stack:
            opened = cache(lambda: stack.enter_context(self.scoring(job)))

            def work(number: int, table: pa.Table, tick: Tick) -> ShardResult:
                path, payer = self.scores_file(job.made, number), job.out.name
                known = _read(path, payer) if path.exists() else None
                if known is None or self.lacks(known):
                    _write(path, opened()(number, table, tick, known), table.num_rows, payer)
                    known = _read(path, payer)
                return self._sort_out(table, self.decided(table, known))

            yield work

    def _sort_out(self, table: pa.Table, scores: Scores) -> ShardResult:
        withheld = self.withheld(table.schema)
        for name, column in scores.columns.items():
            table = with_column(table, name, column)
        numbers = {
            name: column.drop_null().to_pylist() for name, column in scores.columns.items() if _is_number(column.type)
        }
        hidden = self.hidden(list(scores.columns))
        return ShardResult(
            table, scores.verdicts, scores.usage, scores.totals, numbers, hidden=hidden, withheld=withheld
        )

    def _take_over(self, job: Job, target: Path) -> None:
        """Copy scores that a store of an older version holds in the folders of artifacts."""
        for folder in [job.out / self.folder, *job.out.parent.glob(f"*-{self.verb}-*/{self.folder}")]:
            if not folder.is_dir():
                continue
            manifest, made = Manifest.load(folder.parent), job.identity | {"parameters": self.made()}
            if _agrees(manifest.identity, job.identity, made) if manifest else folder.parent == job.out:
                shutil.copytree(folder, partial := target.with_name("taken.tmp"), dirs_exist_ok=True)
                partial.rename(target)
                return


def _agrees(old: Any, new: Any, made: Any) -> bool:
    """Is `old` the same as `new` wherever `made`, which is `new` without limits, says what it says?"""
    if isinstance(old, dict) and isinstance(new, dict) and isinstance(made, dict):
        return old.keys() == new.keys() and all(_agrees(old[name], new[name], made[name]) for name in new)
    return old == new or made != new


def below(reason: str, score: float | None, limit: float | None) -> Verdict | None:
    """``similarity: 0.61 < 0.8``; None where there is no score, no limit, or the limit is reached."""
    if score is None or limit is None or score >= limit:
        return None
    shown = f"{score:.4g}" if float(f"{score:.4g}") < limit else f"{score:.9g}"
    return rejected(reason, f"{shown} < {limit:g}")


def worst(one: float | None, other: float | None) -> float | None:
    """The lower of two scores, of which either may be missing."""
    return other if one is None else one if other is None else min(one, other)


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_floating(kind) or pa.types.is_integer(kind)


def _write(path: Path, scores: Scores, rows: int, payer: str) -> None:
    import pyarrow as pa

    said = {
        "for": payer,
        "verdicts": {row: [v.outcome, v.reason, v.detail] for row, v in scores.verdicts.items()},
        "usage": scores.usage.model_dump(),
        "totals": dict(scores.totals),
    }
    columns = scores.columns or {"row": pa.array(range(rows))}  # a table without columns has no rows
    table = pa.table(columns).replace_schema_metadata({HEADER: json.dumps(said, ensure_ascii=False)})
    write_shard(path, table)


def _header(path: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    return json.loads((pq.read_schema(path).metadata or {})[HEADER.encode()])


def _read(path: Path, payer: str) -> Scores:
    """Scores cost nothing where another build paid for them."""
    import pyarrow.parquet as pq

    said = _header(path)
    with pq.ParquetFile(path) as file:
        table = file.read()
    columns = {name: table[name].combine_chunks() for name in table.column_names if name != "row"}
    verdicts = {int(row): Verdict(*parts) for row, parts in said["verdicts"].items()}
    usage = Usage.model_validate(said["usage"]) if said.get("for") == payer else Usage()
    return Scores(columns, verdicts, usage, said["totals"])
