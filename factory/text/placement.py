"""Numbers that stand in another line or cell of the translation than in the source: rows or columns were swapped."""

from __future__ import annotations

from collections import defaultdict

from factory.text.numbers import numbers

SWAPPED = 2  # numbers that take each other's places; a single one was moved with its sentence


def misplaced(source: str, target: str) -> bool:
    """Do both texts have as many lines, but at least `SWAPPED` numbers of both in other lines or cells of tables?

    >>> misplaced("| 2019 | 7 |\\n| 2020 | 8 |", "| 7 | 2019 |\\n| 8 | 2020 |"), misplaced("In 5 of 7.", "7 … 5")
    (True, False)
    """
    before, after = (list(filter(str.strip, text.split("\n"))) for text in (source, target))
    if len(before) < 2 or len(before) != len(after):
        return False
    first, second = _places(before), _places(after)
    moved = [
        number
        for number, places in first.items()
        if len(places) == len(second.get(number, ())) and places != second[number]
    ]
    return len(moved) >= SWAPPED


def _places(lines: list[str]) -> dict[str, list[tuple[int, int]]]:
    """Number -> the lines and cells that it stands in."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row, line in enumerate(lines):
        for column, cell in enumerate(line.split("|")):
            for number in numbers(cell).elements():
                found[number].append((row, column))
    return found
