"""Repetition in many texts at once: which texts have a word trigram twice, which a piece several times in a row."""

from __future__ import annotations

from typing import Any

from factory.text.column import SPACE, Texts

LONGEST = 64  # characters of a word that are told apart


def repeats(texts: Texts) -> Any:
    """Which texts have some word trigram twice; found out once for a column.

    Words are compared by a 64-bit sum of their characters, each times a number that belongs to its place, trigrams by
    40 bits of such a sum: equal ones are always found, unlike ones taken for equal once in a very long time.

    >>> repeats(Texts(["a b c a b c", "a b c d e f", "a a a a"])).tolist()
    [True, False, True]
    """
    if "repeats" not in texts.known:
        texts.known["repeats"] = _repeats(texts)
    return texts.known["repeats"]


def stutters(texts: Texts, longest: int, times: int) -> Any:
    """Which texts have a piece of at most `longest` characters so many times in a row.

    >>> stutters(Texts(["tick tick tick tick", "tick tack", "oooo"]), 5, 3).tolist()
    [True, False, True]
    """
    import numpy as np

    found = np.zeros(len(texts), dtype=bool)
    codes = texts.codes
    for period in range(1, longest + 1):
        needed = period * (times - 1)
        same = np.flatnonzero((codes[period:] != codes[:-period]) | (codes[period:] == 0))
        runs = np.diff(same, prepend=-1)
        found |= texts.rows(same[runs > needed] - 1)
    return found


def _repeats(texts: Texts) -> Any:
    import numpy as np

    high = np.uint64(0xFFFFFFFFFF000000)  # the rest has room for the number of a text
    found = np.zeros(len(texts), dtype=bool)
    space = texts.at(SPACE)
    space[texts.starts + texts.lengths] = True
    begins = np.flatnonzero(~space & np.concatenate([[True], space[:-1]]))
    if not len(begins):
        return found
    rows = np.searchsorted(texts.starts, begins, side="right") - 1
    inside = np.flatnonzero(rows[:-2] == rows[2:])
    if not len(inside):
        return found
    place = np.arange(begins[0], len(space)) - np.repeat(begins, np.diff(begins, append=len(space)))
    weights = np.random.Generator(np.random.PCG64(0)).integers(1, 1 << 63, LONGEST + 3, dtype=np.uint64)
    values = np.where(space, 0, texts.codes)[begins[0] :].astype(np.uint64)
    values *= weights.take(np.minimum(place, LONGEST - 1))
    words = np.add.reduceat(values, begins - begins[0])
    last = weights[LONGEST:]
    trigrams = words[inside] * last[0] + words[inside + 1] * last[1] + words[inside + 2] * last[2]
    trigrams = np.sort((trigrams & high) | rows[inside].astype(np.uint64))  # of each text, those that are equal meet
    found[(trigrams[1:][trigrams[1:] == trigrams[:-1]] & ~high).astype(np.int64)] = True
    return found
