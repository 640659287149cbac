"""A small bilingual lexicon: are the everyday words, the names and the numbers of a text met in its translation?

No dictionary for translating: some 480 frequent words with the stems of their usual translations, enough to tell a
translation from a text about something else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

from factory.text.arabic import fold

_WORD = re.compile(r"[A-Za-z]+")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}(?![a-z'])")
_SKELETON_EN = re.compile(r"ph|sh|ch|th|kh|gh|ck|qu|[bcdfgjklmnpqrstvxz]")
# Consonants of Latin names in the Arabic letters that may write them; vowels, h, w and y are written or not.
_SOUNDS = {
    "b": "بپ", "c": "كسقچ", "d": "دضذ", "f": "ف", "g": "جغقكگ", "j": "جيژخ", "k": "كقخ", "l": "ل", "m": "م",
    "n": "ن", "p": "بپف",
    "q": "قك", "r": "ر", "s": "سصشز", "t": "تطث", "v": "فڤوب", "x": "كسخ", "z": "زسظتج", "ph": "ف", "sh": "ش",
    "ch": "شچكخت",
    "th": "ثتذط", "kh": "خ", "gh": "غج", "ck": "كق", "qu": "كق",
}  # fmt: skip


@cache
def lexicon(source: str, target: str) -> dict[str, tuple[str, ...]]:
    """Word in small letters -> folded stems of its translations; empty for languages without a lexicon."""
    file = resources.files("factory.text") / "lexicons" / f"{source}-{target}.tsv"
    if not file.is_file():
        return {}
    words: dict[str, tuple[str, ...]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            heads, stems = line.split("\t")
            for head in heads.split():
                words[head] = (*words.get(head, ()), *map(fold, stems.split()))
    return words


def coverage(source: str, target: str, words: dict[str, tuple[str, ...]]) -> tuple[int, int]:
    """How many of the source's words and names that can be looked up are met in the target, of how many.

    >>> coverage("The red house by the river", "البيت الأحمر عند النهر", lexicon("en", "ar"))
    (3, 3)
    """
    known = {stems for word in set(_WORD.findall(source.lower())) if (stems := words.get(word))}
    names = set(_NAME.findall(source)) if words else set()
    names = {name for name in names if name.lower() not in words}
    if not known and not names:
        return 0, 0
    folded = fold(target)
    found = sum(any(stem in folded for stem in stems) for stems in known)
    if names:
        for name in names:
            pattern = _sounds(name.lower())
            found += name in target or pattern is None or pattern.search(folded) is not None
    return found, len(known) + len(names)


@cache
def _sounds(name: str) -> re.Pattern[str] | None:
    """What the name may look like in Arabic letters, by its first consonants."""
    sounds: Sequence[str] = _SKELETON_EN.findall(name)
    if len(sounds) < 2:
        return None
    return re.compile("[اويهعء]{0,3}".join(f"[{_SOUNDS[sound]}]" for sound in sounds[:3]))
