"""The demo world's Arabic in letters of another script, so that a recipe for another language has rows to work on."""

import unicodedata
from functools import cache
from itertools import cycle
from typing import Any

from factory.text.scripts import ranges, scripts_of

ARABIC = [chr(point) for point in range(0x0621, 0x064B) if unicodedata.category(chr(point)) == "Lo"]


def spelled(value: Any, script: str) -> Any:
    """`value` with every Arabic letter in its strings replaced, one letter for one: no words of any language.

    >>> spelled({"ar": ["باب 42", "hi"]}, "Latn")
    {'ar': ['hgh 42', 'hi']}
    """
    if script == "Arab":
        return value
    if isinstance(value, str):
        return value.translate(_letters(script))
    if isinstance(value, list):
        return [spelled(item, script) for item in value]
    return {name: spelled(item, script) for name, item in value.items()} if isinstance(value, dict) else value


def script_of(language: str) -> str:
    """The script in which a language's stand-in texts are spelled."""
    return scripts_of(language)[0]


@cache
def _letters(script: str) -> dict[int, str]:
    """Small letters that no normalization changes, and which are letters by themselves (no marks)."""
    points = [point for first, last in ranges(script) for point in range(first, last + 1)]
    theirs = [
        letter
        for letter in map(chr, points)
        if unicodedata.category(letter) in ("Ll", "Lo") and unicodedata.normalize("NFKC", letter) == letter
    ]
    return {ord(ours): letter for ours, letter in zip(ARABIC, cycle(theirs), strict=False)}
