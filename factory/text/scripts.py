"""Writing systems: which letters a language is written with, and how many of them a text has."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

from factory.text.column import Texts

RANGES: dict[str, tuple[tuple[int, int], ...]] = {
    "Arabic": ((0x0600, 0x06FF), (0x0750, 0x077F), (0x0870, 0x08FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF)),
    "Latin": (
        (0x41, 0x5A),
        (0x61, 0x7A),
        (0xAA, 0xAA),
        (0xBA, 0xBA),
        (0xC0, 0x24F),
        (0x1E00, 0x1EFF),
        (0xFF21, 0xFF5A),
    ),
    "Cyrillic": ((0x0400, 0x052F), (0x1C80, 0x1C8F), (0x2DE0, 0x2DFF), (0xA640, 0xA69F)),
    "Greek": ((0x0370, 0x03FF), (0x1F00, 0x1FFF)),
    "Hebrew": ((0x0590, 0x05FF), (0xFB1D, 0xFB4F)),
    "Armenian": ((0x0530, 0x058F),),
    "Georgian": ((0x10A0, 0x10FF), (0x1C90, 0x1CBF)),
    "Devanagari": ((0x0900, 0x097F), (0xA8E0, 0xA8FF)),
    "Bengali": ((0x0980, 0x09FF),),
    "Gurmukhi": ((0x0A00, 0x0A7F),),
    "Gujarati": ((0x0A80, 0x0AFF),),
    "Odia": ((0x0B00, 0x0B7F),),
    "Tamil": ((0x0B80, 0x0BFF),),
    "Telugu": ((0x0C00, 0x0C7F),),
    "Kannada": ((0x0C80, 0x0CFF),),
    "Malayalam": ((0x0D00, 0x0D7F),),
    "Sinhala": ((0x0D80, 0x0DFF),),
    "Thai": ((0x0E00, 0x0E7F),),
    "Lao": ((0x0E80, 0x0EFF),),
    "Burmese": ((0x1000, 0x109F),),
    "Khmer": ((0x1780, 0x17FF),),
    "Ethiopic": ((0x1200, 0x139F),),
    "Han": ((0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF)),
    "Japanese": ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)),
    "Korean": ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7AF)),
}

LANGUAGES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ckb", "ug", "sd", "arz", "ary"), ("Arabic",)),
    **dict.fromkeys(("ru", "uk", "bg", "be", "mk", "kk", "ky", "mn", "tg", "tt"), ("Cyrillic",)),
    "sr": ("Cyrillic", "Latin"),
    "el": ("Greek",),
    **dict.fromkeys(("he", "yi"), ("Hebrew",)),
    "hy": ("Armenian",),
    "ka": ("Georgian",),
    **dict.fromkeys(("hi", "mr", "ne", "sa"), ("Devanagari",)),
    **dict.fromkeys(("bn", "as"), ("Bengali",)),
    "pa": ("Gurmukhi",),
    "gu": ("Gujarati",),
    "or": ("Odia",),
    "ta": ("Tamil",),
    "te": ("Telugu",),
    "kn": ("Kannada",),
    "ml": ("Malayalam",),
    "si": ("Sinhala",),
    "th": ("Thai",),
    "lo": ("Lao",),
    "my": ("Burmese",),
    "km": ("Khmer",),
    **dict.fromkeys(("am", "ti"), ("Ethiopic",)),
    "zh": ("Han",),
    "ja": ("Japanese", "Han"),
    "ko": ("Korean", "Han"),
}


def scripts_of(language: str) -> tuple[str, ...]:
    """Scripts of a language by its code (a region is ignored); Latin where the table above names no other.

    >>> scripts_of("ar-EG"), scripts_of("en")
    (('Arabic',), ('Latin',))
    """
    return LANGUAGES.get(language.lower().replace("_", "-").split("-")[0], ("Latin",))


@cache
def _counted(scripts: tuple[str, ...]) -> Any:
    """The table of `Texts.counts` for letters of the scripts and for all letters."""
    import numpy as np

    table = np.zeros(0x10000, dtype=np.int64)
    for point in range(0xFFFF):
        if unicodedata.category(chr(point))[0] == "L":
            table[point] = 1 << 32
    for name in scripts:
        for first, last in RANGES[name]:
            table[first : last + 1] |= table[first : last + 1] >> 32
    return table


def script_shares(texts: Sequence[str], language: str) -> list[float]:
    """Share of each text's letters that belong to the language's scripts; 1.0 for a text without letters.

    All texts are counted in one go, which is many times faster than one by one. Letters beyond the first plane (rare
    ideographs, historic scripts) count as none.

    >>> script_shares(["سلام 12, hi", "42"], "ar")
    [0.6666666666666666, 1.0]
    """
    import numpy as np

    own, letters = Texts.of(texts).counts(_counted(scripts_of(language)))
    return np.where(letters > 0, own / np.maximum(letters, 1), 1.0).tolist()
