"""Rows out of line: stretches of data in which the translations belong to sources some rows away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from factory.checks.base import Encode

EVERY = 100  # rows from one block that is looked at to the next
BLOCK = 8  # rows in it
REACH = 4  # rows before and after in which a translation is looked for
AGREE = 0.7  # share of a block's rows that must find theirs equally far away

Columns = tuple[Sequence[Any], Sequence[Any]]
"""Sources and targets of some rows; what is no text, or an empty one, is left out."""


class Stretch(NamedTuple):
    """The translations of rows `first` to `last` (from 0; None: to the end) belong to the rows `further` down."""

    first: int
    last: int | None
    further: int

    def __str__(self) -> str:
        """
        >>> str(Stretch(120, None, 1))
        'from row 121 on the translations belong to the next row: row 121 has that of 122'
        """
        until = "on" if self.last is None else f"to row {self.last + 1:,}"
        whose = {1: "the next row", -1: "the row before"}.get(
            self.further, f"the row {abs(self.further)} rows {'down' if self.further > 0 else 'before'}"
        )
        row = self.first + 1
        return (
            f"from row {row:,} {until} the translations belong to {whose}: row {row:,} has that of"
            f" {row + self.further:,}"
        )


class Alignment:
    """Where blocks of rows, one in `every` rows, find their translations; what lies between is looked at only where
    two blocks disagree.

    Each source of a block looks for the nearest of the targets up to 4 rows away. Most of the block must find theirs
    equally far away, or the block says nothing.
    """

    def __init__(self, encode: Encode, every: int = EVERY) -> None:
        self._encode, self._every = encode, every
        self._rows = 0
        self._blocks: list[tuple[int, int]] = []  # first row, how many rows further down its translations are

    def add(self, columns: Columns, first: int) -> None:
        """Look at the blocks of some rows, of which `first` is the number of the first."""
        count = len(columns[0])
        for start in range(-first % self._every, count, self._every):
            self._look(columns, first, max(0, min(start + REACH, count - BLOCK)))
        self._rows = first + count

    def stretches(self, read: Callable[[int, int], Columns]) -> list[Stretch]:
        """Those out of line; `read` gives the columns of the rows from one number up to another."""
        last = max(0, self._rows - BLOCK - REACH)
        self._look(read(last, self._rows), last, max(0, self._rows - BLOCK - last))
        if not self._blocks:
            return []
        edges = [(0, self._blocks[0][1])]
        for (row, shift), (other, its) in zip(self._blocks, self._blocks[1:], strict=False):
            if its != shift:
                edges.append((self._edge(read, row, shift, other, its), its))
        ends = [*(row for row, _ in edges[1:]), None]
        return [
            Stretch(max(0, row + shift), None if end is None else end - 1 + shift, -shift)
            for (row, shift), end in zip(edges, ends, strict=True)
            if shift
        ]

    def _look(self, columns: Columns, first: int, block: int) -> None:
        if (found := self._shift(columns, block)) is not None:
            self._blocks.append((first + block, found))

    def _edge(self, read: Callable[[int, int], Columns], low: int, shift: int, high: int, its: int) -> int:
        """The first source whose translation is `its` rows further down, and no longer `shift` rows."""
        while high - low > EVERY:
            middle = (low + high) // 2
            start = max(0, middle - REACH)
            if self._shift(read(start, middle + BLOCK + REACH), middle - start) == shift:
                low = middle
            else:
                high = middle
        start = max(0, low - REACH)
        columns = read(start, high + BLOCK + REACH)
        near = dict(enumerate(self._near(columns, range(len(columns[0]))), start))
        # Where translations were lost, some sources have none, but every translation has a source; and the reverse.
        lost = its < shift
        moved, its_moved = (shift, its) if lost else (0, 0)
        rows = range(low + moved, high + BLOCK + its_moved)
        gains = [
            near.get(row - moved, {}).get(shift, 0.0) - near.get(row - its_moved, {}).get(its, 0.0) for row in rows
        ]
        sums = [sum(gains[:end]) for end in range(len(gains) + 1)]
        return rows.start + max(range(len(sums)), key=sums.__getitem__) - its_moved

    def _shift(self, columns: Columns, block: int) -> int | None:
        near = [row for row in self._near(columns, range(block, block + BLOCK)) if row]
        votes = [max(row, key=lambda shift: (row[shift], -abs(shift))) for row in near]
        most = max(set(votes), key=votes.count, default=0)
        return most if len(votes) > BLOCK // 2 and votes.count(most) >= AGREE * len(votes) else None

    def _near(self, columns: Columns, rows: range) -> Iterator[dict[int, float]]:
        """For each row, how near the targets around it are to its source: rows further down -> cosine."""
        sources, targets = columns
        around = range(max(0, rows.start - REACH), min(len(targets), rows.stop + REACH))
        here = [row for row in rows if row < len(sources) and _says(sources[row])]
        there = [row for row in around if _says(targets[row])]
        vectors = self._encode([*(sources[row] for row in here), *(targets[row] for row in there)])
        cosines = vectors[: len(here)] @ vectors[len(here) :].T if here and there else None
        for row in rows:
            if cosines is None or row not in here:
                yield {}
                continue
            found = cosines[here.index(row)]
            yield {
                other - row: round(float(found[place]), 3)
                for place, other in enumerate(there)
                if abs(other - row) <= REACH
            }


def _says(text: Any) -> bool:
    return isinstance(text, str) and any(map(str.isalpha, text))
