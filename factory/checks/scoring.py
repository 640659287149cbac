"""Many pairs through many checks: what each scores, which pairs are refused and why, which could not be scored."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from factory.checks.base import Check, Pairs


@dataclass
class Scored:
    """What the checks say about some rows.

    Attributes:
        scores: check -> one score per row; None where the check leaves the row out, or could not score it.
        broken: row -> (check, error) of the first check that could not score the row: it broke, or the score is no
            number. Such a row is neither accepted nor rejected: it failed.
    """

    checks: Sequence[Check]
    rows: int
    scores: dict[str, list[float | None]] = field(default_factory=dict)
    broken: dict[int, tuple[str, Exception]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for check in self.checks:
            self.scores[check.name] = [None] * self.rows

    def add(self, pairs: Pairs, compared: bool = True) -> None:
        """Score one pair of columns; a row of several pairs keeps the worst score.

        A row whose source and target are both missing is left out; a single missing text counts as empty.
        `compared`: there is a source; without one, checks that compare are left out.
        """
        sources, targets = pairs
        rows = range(self.rows)
        if compared and None in sources and None in targets:
            rows = [row for row in rows if sources[row] is not None or targets[row] is not None]
        whole = len(rows) == self.rows
        befores = [source or "" for source in sources] if compared else list(sources)
        afters = [target or "" for target in targets]
        if not whole:
            befores, afters = [befores[row] for row in rows], [afters[row] for row in rows]
        for check in self.checks:
            if compared or not check.compares:
                self._add(check, rows, check.scores(befores, afters))

    def _add(self, check: Check, rows: Iterable[int], scores: Sequence[float | Exception]) -> None:
        worst = self.scores[check.name]
        for row, score in zip(rows, scores, strict=True):
            if isinstance(score, Exception):
                self.broken.setdefault(row, (check.name, score))
            elif not math.isfinite(score):
                self.broken.setdefault(row, (check.name, ValueError(f"the score is {score}")))
            else:
                known = worst[row]
                worst[row] = score if known is None else check.worse(known, score)

    def refused(self) -> dict[int, list[tuple[Check, float]]]:
        """Row -> the checks that do not accept it with their scores, in the order of the checks."""
        found: dict[int, list[tuple[Check, float]]] = {}
        for check in self.checks:
            for row, score in enumerate(self.scores[check.name]):
                if score is not None and not check.accept(score):
                    found.setdefault(row, []).append((check, score))
        return found
