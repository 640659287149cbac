"""Many pairs through many checks: what each scores, which pairs are refused and why, which could not be scored."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from factory.checks.base import Check, Pairs
from factory.text.column import Texts

ROWS = 1_000  # looked at together: what is known of their characters stays in the processor's cache
CHARACTERS = 400_000


@dataclass
class Scored:
    """What the checks say about some rows.

    Attributes:
        scores: check -> array of one score per row; NaN where the check leaves the row out, or could not score it.
        broken: row -> check -> error, of checks that could not score the row: they broke, or the score is no number.
            Such a row is neither accepted nor rejected: it failed.
    """

    checks: Sequence[Check]
    rows: int
    scores: dict[str, Any] = field(default_factory=dict)
    broken: dict[int, dict[str, Exception]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        import numpy as np

        for check in self.checks:
            self.scores[check.name] = np.full(self.rows, np.nan)

    def add(
        self,
        pairs: Pairs,
        compared: bool = True,
        done: Callable[[float], None] = lambda share: None,
        rows: Sequence[int] | None = None,
    ) -> None:
        """Score one pair of columns; a row of several pairs keeps the worst score.

        A pair whose source and target are both missing is left out; a single missing text counts as empty.
        `compared`: there is a source; without one, checks that compare are left out. `done` is told the share of the
        pairs that has been looked at. `rows`: the row of each pair, where a row may have several or none.
        """
        sources, targets = pairs
        places = range(len(targets))
        if compared and None in sources and None in targets:
            places = [place for place in places if sources[place] is not None or targets[place] is not None]
        for part in _parts(places, sources, targets):
            before = Texts(_cells(sources, part) if compared else [None] * len(part))
            after = Texts(_cells(targets, part))
            for check in self.checks:
                if compared or not check.compares:
                    scores = check.scores(before, after)
                    self._add(check, part if rows is None else [rows[place] for place in part], scores)
            done((part[-1] + 1) / len(targets))

    def _add(self, check: Check, rows: Sequence[int], scores: Sequence[float | Exception]) -> None:
        import numpy as np

        try:
            found = np.array(scores, dtype=np.float64)
        except (TypeError, ValueError):
            found = np.array([math.nan if isinstance(score, Exception) else score for score in scores], np.float64)
        for place in np.flatnonzero(~np.isfinite(found)).tolist():
            score = scores[place]
            error = score if isinstance(score, Exception) else ValueError(f"the score is {score}")
            self.broken.setdefault(rows[place], {}).setdefault(check.name, error)
            found[place] = math.nan
        known, worse = self.scores[check.name], np.fmin if check.direction == "min" else np.fmax
        if isinstance(rows, range):
            place = slice(rows.start, rows.stop)
            known[place] = worse(known[place], found)
        else:
            worse.at(known, rows, found)  # a row may be there several times

    def refused(self) -> dict[int, list[tuple[Check, float]]]:
        """Row -> the checks that do not accept it with their scores, in the order of the checks."""
        import numpy as np

        found: dict[int, list[tuple[Check, float]]] = {}
        for check in self.checks:
            scores = self.scores[check.name]
            for row in np.flatnonzero(~(check.accept(scores) | np.isnan(scores))).tolist():
                found.setdefault(row, []).append((check, float(scores[row])))
        return found


def _parts(
    rows: Sequence[int], sources: Sequence[str | None], targets: Sequence[str | None]
) -> Iterator[Sequence[int]]:
    """The rows in parts that are neither too many nor too long."""
    for first in range(0, len(rows), ROWS):
        part = rows[first : first + ROWS]
        if sum(map(len, _cells(sources, part))) + sum(map(len, _cells(targets, part))) <= CHARACTERS:
            yield part
            continue
        start = size = 0
        for end, row in enumerate(part, 1):
            size += len(sources[row] or "") + len(targets[row] or "")
            if size > CHARACTERS or end == len(part):
                yield part[start:end]
                start, size = end, 0


def _cells(column: Sequence[str | None], rows: Sequence[int]) -> list[str]:
    if isinstance(rows, range):
        return [text or "" for text in column[rows.start : rows.stop]]
    return [column[row] or "" for row in rows]
