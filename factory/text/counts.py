"""Classes of characters, as tables by code point: scripts seen from a language, and symbols."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from factory.text.column import categories, of_categories
from factory.text.language_table import is_arabic
from factory.text.punctuation import foreign_marks
from factory.text.scripts import letters, own_letters, shared

# Letters of the Arabic block that Arabic is written with; the second line is for foreign names.
_ARABIC = frozenset("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيـٱپچژگڤڨڭڠڥڢڧ")

_READ = frozenset("%٪‰°")

OTHER, OWN, LATIN, NEUTRAL, FOREIGN = 0, 1, 2, 4, 8
"""Classes of `script_classes`, a bit for each: no letter; the language's script (of Arabic: its own letters); Latin;
letters that belong to no one script, and Greek (which formulas use in every language); letters and marks of other
scripts."""


@cache
def script_classes(language: str) -> Any:
    """The class of every code point of the first plane for texts in `language`."""
    import numpy as np

    table = np.where(of_categories("L"), FOREIGN, OTHER).astype(np.uint8)
    table[[*map(ord, foreign_marks(language))]] = FOREIGN
    table[letters("Latn")] = LATIN
    table[letters("Grek") | letters("Zyyy") | letters("Zinh")] = NEUTRAL
    own = own_letters(language)
    if is_arabic(language) and np.array_equal(own, letters("Arab")):
        table[[*map(ord, _ARABIC)]] = OWN  # the others are of Persian, Urdu, Kurdish and so on
    else:
        table[own] = OWN
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

    White space, vowel marks and format characters are none of these. Signs that are read as words (%, $, °) count as
    letters, and marks that belong to one script alone, as the points between Tibetan syllables do: they are how its
    words are spelled.
    """
    import numpy as np

    table = np.where(of_categories("MZC"), 0, 1 << 32)
    symbols = shared().copy()
    symbols[[*map(ord, _READ)]] = False
    return table + (symbols & of_categories("PS") & (categories() != "Sc"))
