"""A small bilingual lexicon: are the everyday words, the names and the numbers of a text met in its translation?

No dictionary for translating: some 1,400 frequent word forms with the stems of their usual translations, enough to
tell a translation from a text about something else.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache, lru_cache
from importlib import resources
from itertools import product
from typing import Any

from factory.text.arabic import fold
from factory.text.column import CAPITAL, SMALL, Texts, mask

_WORD = re.compile(r"[A-Za-z]+")
_NAME = re.compile(r"[A-Z](?<=[a-z,] [A-Z])[a-z]{2,}(?![a-z'])")
# What is no letter separates words, what stands between texts separates lines.
_LETTERS_ONLY = bytes(10 if code == 0 else code if chr(code).isalpha() and code < 128 else 32 for code in range(256))
# Consonants in classes coarse enough for transliteration; vowels, h, w and y are written or not, so they are left out.
_SOUND = re.compile(r"ph|sh|ch|th|kh|gh|ck|qu|[bcdfgjklmnpqrstvxz]")
_CLASSES = {
    **dict.fromkeys(("b", "p", "f", "v", "ph"), "B"), **dict.fromkeys(("d", "t"), "T"), **dict.fromkeys("lmnr", ""),
    **dict.fromkeys(("g", "j", "k", "q", "kh", "gh", "ck", "qu"), "K"), **dict.fromkeys(("s", "z", "sh"), "S"),
    "c": "KS", "ch": "SK", "th": "ST", "x": "K",
}  # fmt: skip
_SOUNDS = {
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


@cache
def _in_bytes(source: str, target: str) -> dict[bytes, tuple[str, ...]]:
    return {word.encode(): stems for word, stems in lexicon(source, target).items()}


def coverage(source: str, target: str, words: dict[str, tuple[str, ...]]) -> tuple[int, float]:
    """How many of the source's words and names that can be looked up are met in the target, of how many.

    A name that is not met counts half: it may have been translated, or be none in a title.

    >>> coverage("The red house by the river", "البيت الأحمر عند النهر", lexicon("en", "ar"))
    (3, 3.0)
    """
    known = {stems for word in set(_WORD.findall(source.lower())) if (stems := words.get(word))}
    names = _names(source, words) if words else set()
    return _met(known, names, target, fold(target)) if known or names else (0, 0.0)


def coverages(sources: Texts, targets: Texts, languages: tuple[str, str]) -> list[tuple[int, float]]:
    """`coverage` of many pairs in languages that have a lexicon."""
    words, stems_of = lexicon(*languages), _in_bytes(*languages).get
    capitals = sources.places(CAPITAL)
    named = sources.beside(capitals, -1, " ") & sources.beside(capitals, -2, SMALL | mask(","))
    with_names = sources.rows(capitals[named]).tolist()
    joined = sources.joined
    if joined.count("\0") > len(sources):  # a text has one of its own
        joined = "\0".join(text.replace("\0", " ") for text in sources)
    lines = joined.lower().encode("utf-8", "surrogatepass").translate(_LETTERS_ONLY).split(b"\n")
    folded, found = targets.folded, []
    for row, line in enumerate(lines[: len(sources)]):
        known: set[Any] = {*map(stems_of, line.split())}
        known.discard(None)
        names = _names(sources[row], words) if with_names[row] else ()
        found.append(_met(known, names, targets[row], folded[row]) if known or names else (0, 0.0))
    return found


def _names(source: str, words: Collection[str]) -> set[str]:
    return {name for name in _NAME.findall(source) if name.lower() not in words}


def _met(known: Collection[tuple[str, ...]], names: Collection[str], target: str, folded: str) -> tuple[int, float]:
    found = 0
    for stems in known:
        for stem in stems:
            if stem in folded:
                found += 1
                break
    if not names:
        return found, float(len(known))
    skeleton = folded.translate(_SOUNDS)
    met = sum(name in target or any(map(skeleton.__contains__, _skeletons(name.lower()))) for name in names)
    return found + met, len(known) + met + (len(names) - met) / 2


@lru_cache(maxsize=4096)
def _skeletons(name: str) -> tuple[str, ...]:
    """The first consonants of a name as they may be written in Arabic, in classes; the empty one is met everywhere."""
    sounds = _SOUND.findall(name)[:3]
    return tuple(map("".join, product(*(_CLASSES[sound] or sound for sound in sounds)))) if len(sounds) > 1 else ("",)
