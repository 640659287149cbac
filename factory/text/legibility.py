"""Characters that spoil a text: unseen ones within words, letters that became question marks or other letters."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from html.entities import html5
from typing import Any

from factory.text.column import Texts, categories
from factory.text.language_table import is_arabic
from factory.text.scripts import PLANE, scripts_of
from factory.text.words import WITHOUT_SPACES

OVERRIDES = "\u202d\u202e"
_JOINERS = "\u200c\u200d"  # legitimate within words of scripts whose letters join: those with a virama, and Arabic's
_SPACE = "\u200b"  # the same of scripts that set no words apart; in Telugu it is typed for a joiner
_JOINING = frozenset(["Deva", "Beng", "Guru", "Gujr", "Orya", "Taml", "Telu", "Knda", "Mlym", "Sinh", "Tibt", "Mtei"])
_DENSE = frozenset([*WITHOUT_SPACES, "Hans", "Hant", "Tibt", "Telu"])
_SEEN_FORMATS = frozenset(map(chr, [*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x08E2]))  # signs of numbers and verses
_HONORIFICS = frozenset(
    map(chr, [0xFD3E, 0xFD3F, *range(0xFDF0, 0xFE00)])
)  # ornate brackets, ﷺ: written so on purpose
_FORMS = "[\ufb00-\ufb06\ufb50-\ufdff\ufe70-\ufefc]"
_STRETCHED = re.compile(
    r"(?<![\u0620-\u065f])[وف]?(?:ال|لل|[بكل])ـ+(?=[\u0620-\u064a])|[\u0620-\u065f](ـ+)[\u064b-\u065f]*[\u0620-\u064a]"
)
_LOST = re.compile(
    r"\?(?=[^\W\d_]|[\u0900-\u0963\u0981-\u0dff\u0e31-\u0e4e]|\s+(?:[a-zß-öø-ÿ]|(?<=[\u0620-\u06d3]\?\s)))"
)
_BOXES = "□▯▢◻⎕"
_BOXED = re.compile(rf"[{_BOXES}](?=[^\W\d_])|(?<=[^\W\d_])[{_BOXES}]")
_SUSPECT = frozenset("ـ" + _BOXES)
_REFERENCE = re.compile(r"&([A-Za-z]{2,8};)")
# UTF-8 read as an older encoding: characters of the bytes C2 to F4, each with those of 80 to BF that must follow.
_MISREAD = {"cp1252": "", "cp1251": "Cyrl", "cp1253": "Grek", "cp1256": "Arab"}  # with the script it is made for
_CHANCE = 2  # such letters in a row that may stand so in a text of the encoding's script


def spoiled(source: str, target: str, language: str) -> int:
    """How many places of the target are spoiled: unseen characters within words (joiners where no letters join, soft
    hyphens, byte order marks), overrides of the direction, question marks in the place of letters, letters stretched
    or in the forms that old fonts had for them, HTML's names of characters, UTF-8 read as another encoding. What the
    source has too is none.

    >>> spoiled("", "caf\u00c3\u00a9", "fr"), spoiled("", "ca\u00adfé", "fr"), spoiled("", "می\u200cخواهم", "fa")
    (1, 1, 0)
    """
    return (
        _unseen(source, target, language)
        + _lost(source, target)
        + _changed(source, target)
        + _misread(target, language)
    )


def may_be_spoiled(targets: Texts, language: str) -> Any:
    """Which texts may have such a place: one truth value each."""
    import numpy as np

    flags = _flags(language).take(targets.points)
    pairs, rare = ((flags[:-1] & first != 0) & (flags[1:] & next != 0) for first, next in ((2, 4), (8, 16)))
    pairs[:-4] |= rare[:-4] & rare[2:-2] & rare[4:]
    found = targets.rows(np.flatnonzero(pairs | (flags[:-1] & 1 != 0)))
    return found | targets.have("?") | (targets.have("&") & targets.have(";"))


@cache
def _legitimate(language: str) -> frozenset[str]:
    """Unseen characters that words of the language may hold."""
    scripts = {*scripts_of(language)}
    joins = not scripts.isdisjoint(_JOINING | _DENSE) or ("Arab" in scripts and not is_arabic(language))
    return frozenset(_JOINERS * joins + _SPACE * (not scripts.isdisjoint(_DENSE)))


@cache
def _flags(language: str) -> Any:
    """Of every code point of the first plane: 1 for what is unseen, stretched or in the form of old fonts, 2 and 4 for
    what may stand for the first and for a following byte of UTF-8, 8 and 16 where several must come in a row."""
    flags = _spoiling().copy()
    flags[[*map(ord, _legitimate(language))]] = 0
    for encoding in _MISREAD:
        shift = 2 if _least(encoding, language) > 1 else 0
        for character, byte in _bytes(encoding).items():
            if byte >= 0xC2 or byte < 0xC0:
                flags[ord(character)] |= (2 if byte >= 0xC2 else 4) << shift
    return flags


@cache
def _spoiling() -> Any:
    """What is unseen, stretched or in the form of old fonts, whatever the language."""
    import numpy as np

    table = (categories() == "Cf").astype(np.uint8)
    table[[*map(ord, _SEEN_FORMATS)]] = 0
    table[[*map(ord, _SUSPECT)]] = 1
    table[[form.start() for form in re.finditer(_FORMS, "".join(map(chr, range(PLANE))))]] = 1
    return table


@cache
def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) == "Cf" and character not in _SEEN_FORMATS


def _unseen(source: str, target: str, language: str) -> int:
    count, legitimate = 0, _legitimate(language)
    for place, character in enumerate(target):
        if character.isascii() or not _is_unseen(character) or character in legitimate or character in source:
            continue
        count += character in OVERRIDES or _one_word(target[place - 1 : place], target[place + 1 : place + 2])
    return count


def _one_word(before: str, after: str) -> bool:
    """Do the letters belong to one word? Between those of two directions a mark may say which way to go."""
    return bool(before and after) and _direction(before) == _direction(after) != ""


def _direction(letter: str) -> str:
    if not letter.isalpha() and unicodedata.category(letter)[0] != "M":
        return ""
    return "R" if unicodedata.bidirectional(letter) in ("R", "AL", "NSM") else "L"


def _lost(source: str, target: str) -> int:
    """Question marks before a letter, where the text asks more often than its source; boxes beside one."""
    found = len(_LOST.findall(target)) if target.count("?") > source.count("?") else 0
    return found + sum(box not in source for box in _BOXED.findall(target))


def _changed(source: str, target: str) -> int:
    stretched = sum(1 for run in _STRETCHED.findall(target) if run and "ـ" not in source)
    forms = sum(form not in _HONORIFICS and form not in source for form in re.findall(_FORMS, target))
    names = sum(name in html5 and f"&{name}" not in source for name in _REFERENCE.findall(target))
    return stretched + forms + names


def _misread(target: str, language: str) -> int:
    if target.isascii():
        return 0
    return max(_misread_as(encoding, _least(encoding, language), target) for encoding in _MISREAD)


def _least(encoding: str, language: str) -> int:
    """Letters in a row that no chance explains."""
    return _CHANCE + 1 if _MISREAD[encoding] in scripts_of(language) else 1


def _misread_as(encoding: str, least: int, target: str) -> int:
    pattern, count = _sequences(encoding), 0
    for run in pattern.finditer(target):
        try:
            letters = bytes(map(_bytes(encoding).__getitem__, run[0])).decode()
        except UnicodeDecodeError:
            continue
        closes = (
            len(letters) == 1 and unicodedata.category(run[0][-1])[0] == "P" and not target[run.end() :][:1].isalpha()
        )
        count += len(letters) if len(letters) >= least and not closes else 0
    return count


@cache
def _bytes(encoding: str) -> dict[str, int]:
    """The byte of each character from 80 on, of those that the encoding leaves free as Latin-1 has it."""
    found = {} if encoding != "cp1252" else {chr(value): value for value in range(0x80, 0xA0)}
    for value in range(0x80, 0x100):
        found[bytes([value]).decode(encoding, "ignore") or chr(value)] = value
    return found


@cache
def _sequences(encoding: str) -> re.Pattern[str]:
    """Characters that stand for the bytes of UTF-8, one sequence after the other."""

    def between(first: int, last: int) -> str:
        return f"[{''.join(re.escape(c) for c, byte in _bytes(encoding).items() if first <= byte <= last)}]"

    following = between(0x80, 0xBF)
    leads = ((0xC2, 0xDF), (0xE0, 0xEF), (0xF0, 0xF4))
    return re.compile(f"(?:{'|'.join(between(*lead) + following * more for more, lead in enumerate(leads, 1))})+")
