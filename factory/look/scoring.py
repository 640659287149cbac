"""Batches of pairs through the checks, in this process or in several, in the order of the rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from factory.checks.base import Check, Pairs
from factory.checks.scoring import Scored
from factory.look.reading import Row, Rows, Unreadable, text_at

if TYPE_CHECKING:
    from collections.abc import Callable

PARALLEL_BYTES = 10_000_000  # smaller files are done before the processes have started
FAILED = "failed"


@dataclass(frozen=True)
class Columns:
    """Where the texts of a pair are."""

    source: str
    target: str


@dataclass
class Judged:
    """One row's outcome: the score of each check (None where there is none) and why the row is not kept.

    `reasons` begin with the check's name (``numbers: 0 < 0.5``), or with ``failed`` where the row could not be read
    or a check broke. `refused` names the checks alone.
    """

    scores: dict[str, float | None]
    verdict: str
    reasons: list[str]
    refused: list[str]


def judge(checks: Sequence[Check], texts: Sequence[tuple[str | None, str | None] | str]) -> list[Judged]:
    """Outcomes of rows, each a pair of texts, or the error that kept it from being read."""
    pairs = [pair for pair in texts if not isinstance(pair, str)]
    scored = Scored(checks, len(pairs))
    # A pair of two missing texts is no translation of anything: scored like two empty ones, which `empty` refuses.
    scored.add(([source or "" for source, _ in pairs], [target or "" for _, target in pairs]))
    refused, names = scored.refused(), list(scored.scores)
    scores = enumerate(zip(*map(_rounded, scored.scores.values()), strict=True))
    found: list[Judged] = []
    for pair in texts:
        if isinstance(pair, str):
            found.append(Judged({}, FAILED, [f"{FAILED}: {pair}"], []))
            continue
        index, values = next(scores)
        bad = refused.get(index, ())
        outcome = Judged(dict(zip(names, values, strict=True)), "rejected" if bad else "kept", [], [])
        for check, score in bad:
            outcome.reasons.append(f"{check.name}: {check.explain(score)}")
            outcome.refused.append(check.name)
        if index in scored.broken:
            name, error = next(iter(scored.broken[index].items()))
            outcome.verdict = FAILED
            outcome.reasons.insert(0, f"{FAILED}: {name}: {type(error).__name__}: {error}"[:200])
        found.append(outcome)
    return found


def _rounded(scores: Any) -> list[float | None]:
    if (scores == scores // 1).all():  # as of most checks: 0 and 1
        return scores.tolist()
    rounded = scores.round(4).tolist()
    return [score if score == score else None for score in rounded] if (scores != scores).any() else rounded


def survey(checks: Sequence[Check], rows: Rows, columns: Columns, limit: int | None = None) -> list[Check]:
    """The checks that have to know all rows, knowing them."""
    batches = _Pairs(rows, columns, limit)
    return [check.survey(batches) if check.surveys else check for check in checks]


@dataclass(frozen=True)
class _Pairs:
    rows: Rows
    columns: Columns
    limit: int | None

    def __iter__(self) -> Iterator[Pairs]:
        for batch in self.rows.batches(self.limit):
            pairs = [pair for pair in texts_of(batch, self.columns) if not isinstance(pair, str)]
            yield [source or "" for source, _ in pairs], [target or "" for _, target in pairs]


def texts_of(batch: Sequence[Row], columns: Columns) -> list[tuple[str | None, str | None] | str]:
    """The texts of each row, or the error that says why there are none."""
    found: list[tuple[str | None, str | None] | str] = []
    for row in batch:
        try:
            found.append((text_at(row, columns.source), text_at(row, columns.target)))
        except ValueError as error:
            found.append(row.error if isinstance(row, Unreadable) else str(error))
    return found


@contextmanager
def judges(checks: Sequence[Check], processes: int) -> Iterator[Callable[[Iterable[Any], Any], Iterator[Any]]]:
    """A function that maps (batches, texts of a batch) to (batch, outcomes) in order, with `processes` at work."""
    if processes <= 1:
        yield lambda batches, texts: ((batch, judge(checks, texts(batch))) for batch in batches)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _start, (list(checks),)) as pool:

        def run(batches: Iterable[Any], texts: Any) -> Iterator[Any]:
            waiting: deque[Any] = deque()
            for batch in batches:
                waiting.append((batch, pool.submit(_judge, texts(batch))))
                if len(waiting) > processes + 2:
                    done, future = waiting.popleft()
                    yield done, future.result()
            while waiting:
                done, future = waiting.popleft()
                yield done, future.result()

        try:
            yield run
        finally:
            pool.shutdown(cancel_futures=True)


_checks: list[Check] = []


def _start(checks: list[Check]) -> None:
    from factory.rows.executors.processes import follow_parent

    follow_parent()
    _checks[:] = checks


def _judge(texts: Sequence[tuple[str | None, str | None] | str]) -> list[Judged]:
    return judge(_checks, texts)
