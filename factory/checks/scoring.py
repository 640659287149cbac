"""Many pairs through many checks: what each scores, which pairs are refused and why, which could not be scored."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from factory.checks.base import Check, Pairs
from factory.text.column import Texts

ROWS = 2_000  # looked at together: what is known of their characters stays in the processor's cache
CHARACTERS = 400_000


@dataclass
class Scored:
    """What the checks say about some rows.

    Attributes:
        scores: check -> array of one score per row; NaN where the check leaves the row out, or could not score it.
        broken: row -> check -> error, of checks that could not score the row: they broke, or the score is no number.
            Such a row is neither accepted nor rejected: it failed.
        added: how many pairs of columns were scored.
        worst: check -> array of the number of the pair, from 0, whose score each row has, where there are several.
    """

    checks: Sequence[Check]
    rows: int
    scores: dict[str, Any] = field(default_factory=dict)
    broken: dict[int, dict[str, Exception]] = field(default_factory=dict)
    added: int = 0
    worst: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        import numpy as np

        for check in self.checks:
            self.scores.setdefault(check.name, np.full(self.rows, np.nan))

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
        import numpy as np

        before_it = {name: scores.copy() for name, scores in self.scores.items()} if self.added else {}
        self._add(pairs, compared, done, rows)
        for name, before in before_it.items():
            numbers = self.worst.setdefault(name, np.zeros(self.rows, np.int16))
            numbers[(self.scores[name] != before) & ~np.isnan(self.scores[name])] = self.added
        self.added += 1

    def _add(self, pairs: Pairs, compared: bool, done: Callable[[float], None], rows: Sequence[int] | None) -> None:
        sources, targets = pairs
        places = range(len(targets))
        if compared and None in sources and None in targets:
            places = [place for place in places if sources[place] is not None or targets[place] is not None]
        for part in _parts(places, sources, targets):
            before = Texts(_cells(sources, part) if compared else [None] * len(part))
            after = Texts(_cells(targets, part))
            for check in self.checks:
                if compared or not check.compares:
                    owners = part if rows is None else [rows[place] for place in part]
                    self.put(check, owners, *check.column_scores(before, after))
            done((part[-1] + 1) / len(targets))

    def put(self, check: Check, rows: Sequence[int], found: Any, errors: dict[int, Exception]) -> None:
        """The scores of a check for these rows, an array; for those of `errors`, by place, it broke."""
        import numpy as np

        for place in np.flatnonzero(~np.isfinite(found)).tolist():
            error = errors.get(place) or ValueError(f"the score is {found[place]}")
            self.broken.setdefault(rows[place], {}).setdefault(check.name, error)
            found[place] = math.nan
        known, worse = self.scores[check.name], np.fmin if check.direction == "min" else np.fmax
        if isinstance(rows, range):
            place = slice(rows.start, rows.stop)
            known[place] = worse(known[place], found)
        else:
            worse.at(known, rows, found)  # a row may be there several times

    def beside(self, other: Scored) -> Scored:
        """What these checks say and what the others say of the same rows."""
        broken = {row: {**self.broken.get(row, {}), **errors} for row, errors in other.broken.items()}
        return Scored([*self.checks, *other.checks], self.rows, self.scores | other.scores, self.broken | broken)

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
