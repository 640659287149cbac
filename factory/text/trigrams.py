"""Repetition in many texts at once: which texts have a word trigram twice, which a piece several times in a row."""

from __future__ import annotations

from functools import cache
from typing import Any

from factory.text.column import SPACE, Texts, kinds

_BASE = 0x9E3779B97F4A7C15  # odd, so that every power of it has an inverse among 64-bit numbers
_ROOM = 1 << 14  # the first number of powers that are worked out


def repeats(texts: Texts) -> Any:
    """Which texts have some word trigram twice; found out once for a column.

    Words are compared by a 64-bit sum of their characters, each times a power that belongs to its place, trigrams by
    40 bits of such a sum: equal ones are always found, unlike ones taken for equal once in a very long time.

    >>> repeats(Texts(["a b c a b c", "a b c d e f", "a a a a"])).tolist()
    [True, False, True]
    """
    if "repeats" not in texts.known:
        texts.known["repeats"] = _repeats(texts)
    return texts.known["repeats"]


def stutters(texts: Texts, longest: int, times: int) -> Any:
    """Which texts may have a piece of at most `longest` characters so many times in a row.

    >>> stutters(Texts(["tick tick tick tick", "tick tack", "oooo"]), 5, 3).tolist()
    [True, False, True]
    """
    import numpy as np

    points, found = texts.points, []
    for period in range(1, longest + 1):
        same = np.flatnonzero(points[period:] == points[:-period])
        last = period * (times - 1) - 1  # so many more in a row are the same, a period further on
        found.append(same[: max(0, len(same) - last)][same[last:] - same[: max(0, len(same) - last)] == last])
    return texts.rows(np.concatenate(found))


def _repeats(texts: Texts) -> Any:
    import numpy as np

    found = np.zeros(len(texts), dtype=bool)
    inside = _within().take(texts.points)
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    edges = np.append(0, edges) if len(inside) and inside[0] else edges  # words begin at every other one
    begins = edges[::2]
    rows = texts.row_of(begins)
    first = np.flatnonzero(rows[:-2] == rows[2:])
    if not len(first):
        return found
    powers, inverses = _powers(len(inside))
    words = np.add.reduceat(texts.points * powers[: len(inside)], edges)[::2] * inverses[begins]
    one, two, three = powers[1:4]
    trigrams = words[first] * one + words[first + 1] * two + words[first + 2] * three
    high = np.uint64(0xFFFFFFFFFF000000)  # the rest has room for the number of a text
    trigrams = np.sort((trigrams & high) | rows[first].astype(np.uint64))  # of each text, those that are equal meet
    found[(trigrams[1:][trigrams[1:] == trigrams[:-1]] & ~high).astype(np.int64)] = True
    return found


@cache
def _within() -> Any:
    """Which code points of the first plane are neither white space nor what stands between texts."""
    inside = (kinds() & SPACE) == 0
    inside[0] = False
    return inside


def _powers(size: int) -> tuple[Any, Any]:
    """At least `size` powers of `_BASE`, from the first on, and as many of its inverse."""
    room = _ROOM
    while room < size:
        room *= 2
    return _table(room)


@cache
def _table(size: int) -> tuple[Any, Any]:
    import numpy as np

    def powers(base: int) -> Any:
        return np.multiply.accumulate(np.full(size, base, np.uint64))

    return powers(_BASE), powers(pow(_BASE, -1, 1 << 64))
