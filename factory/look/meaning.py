"""The second look of `factory check`: what rows mean, of those that the cheap checks keep, and rows out of line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from random import Random

from factory.checks import Check
from factory.look.alignment import EVERY, Alignment
from factory.look.pairs import Columns, Judged, Pairs, judge
from factory.rows.embeddings import bundled
from factory.steps.filter import Filter

AT_ONCE = 100  # rows compared between two signs of life
BLOCK_TEXTS = 24  # that a block of `Alignment` embeds


@dataclass
class SecondLook:
    """The check `meaning`, for rows as they come, batch by batch.

    Attributes:
        sample: the numbers of the rows that are compared, where not all are.
        compared: how many have been.
    """

    pairs: Pairs
    check: Check
    alignment: Alignment
    sample: frozenset[int] | None
    compared: int = 0
    seen: int = 0

    def add(self, columns: Columns, outcomes: list[Judged], done: Callable[[int], None]) -> None:
        """Put scores and verdicts of the next rows into their outcomes; `done` is told of rows as they are done."""
        self.alignment.add(columns, self.seen)
        wanted = [
            row
            for row, outcome in enumerate(outcomes)
            if outcome.verdict == "kept" and (self.sample is None or self.seen + row in self.sample)
        ]
        step = Filter.model_validate({"checks": [self.check]})
        for start in range(0, len(wanted), AT_ONCE):
            rows = wanted[start : start + AT_ONCE]
            found = judge(step, [columns[0][row] for row in rows], [columns[1][row] for row in rows])
            for row, outcome in zip(rows, found, strict=True):
                outcome.scores = outcomes[row].scores | outcome.scores
                outcomes[row] = outcome
            done(len(rows))
        for outcome in outcomes:
            if outcome.scores:
                outcome.scores.setdefault(self.check.name, None)
        self.compared += len(wanted)
        self.seen += len(outcomes)
        done(len(outcomes) - len(wanted))

    def notes(self) -> list[str]:
        """What was compared, and where rows are out of line."""
        found = [f"meaning: {self.compared:,} of {self.seen:,} rows were compared, of those that other checks keep"]
        return found + [f"out of line: {stretch}" for stretch in self.alignment.stretches(self._read)]

    def _read(self, start: int, stop: int) -> Columns:
        return self.pairs.columns([*islice(self.pairs.rows, start, stop)])


def second_look(pairs: Pairs, check: Check, sample: int | None = None) -> SecondLook:
    """Ready for the first batch: what the check must know of all rows is found out.

    `sample`: compare this many rows, drawn from all.

    Raises:
        FactoryError: the model is not installed.
    """
    encode = bundled().encode
    total = sum(map(len, pairs.rows.batches())) if sample else 0
    drawn = frozenset(Random(0).sample(range(total), sample)) if sample and sample < total else None
    every = max(EVERY, BLOCK_TEXTS * total // (2 * sample)) if sample and drawn else EVERY
    return SecondLook(pairs, check.embedding_with(encode).survey(pairs.texts()), Alignment(encode, every), drawn)
