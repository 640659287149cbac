"""A small bilingual lexicon: are the everyday words, the names and the numbers of a text met in its translation?

No dictionary for translating: some 480 frequent words with the stems of their usual translations, enough to tell a
translation from a text about something else.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources
from itertools import product

from factory.text.arabic import fold

_WORD = re.compile(r"[A-Za-z]+")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}(?![a-z'])")
# Consonants in classes coarse enough for transliteration; vowels, h, w and y are written or not, so they are left out.
_SOUND = re.compile(r"ph|sh|ch|th|kh|gh|ck|qu|[bcdfgjklmnpqrstvxz]")
_CLASSES = {
    **dict.fromkeys(("b", "p", "f", "v", "ph"), "B"), **dict.fromkeys(("d", "t"), "T"), **dict.fromkeys("lmnr", ""),
    **dict.fromkeys(("g", "j", "k", "q", "kh", "gh", "ck", "qu"), "K"), **dict.fromkeys(("s", "z", "sh"), "S"),
    "c": "KS", "ch": "SK", "th": "ST", "x": "K",
}  # fmt: skip
_LETTERS = {
    **dict.fromkeys(map(ord, "اويهعءح"), None),
    **dict.fromkeys(map(ord, "بپفڤ"), "B"),
    **dict.fromkeys(map(ord, "تطدض"), "T"),
    **dict.fromkeys(map(ord, "كقخغجچگ"), "K"), **dict.fromkeys(map(ord, "سصشزظثذژ"), "S"),
    ord("ل"): "l", ord("م"): "m", ord("ن"): "n", ord("ر"): "r",
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
        skeleton = folded.translate(_LETTERS)
        found += sum(name in target or any(map(skeleton.__contains__, _skeletons(name.lower()))) for name in names)
    return found, len(known) + len(names)


@lru_cache(maxsize=4096)
def _skeletons(name: str) -> tuple[str, ...]:
    """The first consonants of a name as they may be written in Arabic, in classes; the empty one is met everywhere."""
    sounds = _SOUND.findall(name)[:3]
    return tuple(map("".join, product(*(_CLASSES[sound] or sound for sound in sounds)))) if len(sounds) > 1 else ("",)
