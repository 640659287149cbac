"""Classes of characters, as tables by code point: scripts seen from a language, and symbols."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

from factory.text.scripts import RANGES, scripts_of

# Letters of the Arabic block that Arabic is written with; the second line is for foreign names.
_ARABIC = frozenset("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيـٱپچژگڤڨڭڠڥڢڧ")

OTHER, OWN, LATIN, NEUTRAL, FOREIGN = range(5)
"""Classes of `script_classes`: no letter; the language's script (of Arabic: its own letters); Latin; letters of no
listed script, and Greek (which formulas use in every language); the scripts of other languages."""


@cache
def script_classes(language: str) -> Any:
    """The class of every code point of the first plane for texts in `language`."""
    import numpy as np

    table = np.zeros(0x10000, dtype=np.uint8)
    for point in range(0xFFFF):
        if unicodedata.category(chr(point))[0] == "L":
            table[point] = NEUTRAL
    letters = table > 0
    for script, ranges in RANGES.items():
        own = script in scripts_of(language)
        kind = OWN if own else {"Latin": LATIN, "Greek": NEUTRAL}.get(script, FOREIGN)
        for first, last in ranges:
            part = table[first : last + 1]
            part[letters[first : last + 1] & (part != OWN)] = kind
    if language.lower().replace("_", "-").split("-")[0] in ("ar", "arz", "ary"):
        for point in range(0x0600, 0x0700):  # of Persian, Urdu, Kurdish and so on
            if table[point] == OWN and chr(point) not in _ARABIC:
                table[point] = FOREIGN
    return table


class _Classes(dict[str, int]):
    """Character -> its class, found out when it is first asked for."""

    def __init__(self, language: str) -> None:
        self._table = script_classes(language)

    def __missing__(self, character: str) -> int:
        found = self[character] = int(self._table[min(ord(character), 0xFFFF)])
        return found


@cache
def class_of(language: str) -> Mapping[str, int]:
    """The same for single characters, without the cost of an array."""
    return _Classes(language)


@cache
def symbol_counts() -> Any:
    """The table of `Texts.counts` for symbols, and for symbols, letters and digits.

    White space, vowel marks and format characters are none of these.
    """
    import numpy as np

    categories = [unicodedata.category(chr(point))[0] for point in range(0x10000)]
    both = 1 + (1 << 32)
    return np.array([0 if kind in "MZC" else 1 << 32 if kind in "LN" else both for kind in categories], np.int64)
