"""What prompts and models leave around a translation: a label in front of it, an instruction below it, talk of
translating. Words of each language stand in `prompts.tsv`, names of languages are CLDR's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from factory.text.arabic import fold
from factory.text.cldr import locale
from factory.text.column import Texts
from factory.text.language_codes import language_of, script_of_code
from factory.text.language_table import is_arabic
from factory.text.punctuation import quotation_marks, sentence_ends
from factory.text.words import WITHOUT_SPACES

LONGEST, WORDS = 50, 5  # characters and words of a label
ENDS = 200  # characters at the beginning and at the end that are looked at
REQUEST = 90  # characters of a sentence that asks for an answer
ENDING = 6  # letters of a name from which two may be its ending
# Languages that models are asked to answer in; of others only those of the translation itself are looked for.
_ASKED = ("en", "ar", "fr", "de", "es", "pt", "it", "ru", "zh", "ja", "ko", "hi", "ur", "fa", "tr", "he", "nl", "id")
KINDS = ("translating", "labels", "asking", "polite", "languages")
"""Columns of `prompts.tsv`."""
_COLON = re.compile("[:：\n]")
_BETWEEN = re.compile("\\n|(?<=[.!?…؟۔।。！？])[\"'”»’)\\]*]*(?:\\s+|(?<=[。！？]))")  # abbreviations do no harm here
_CLITIC = "[وف]?[بلك]?(?:ال)?"  # what Arabic writes onto the beginning of a word


class Words:
    """Beginnings of words of each kind, in the form that `plain` gives a text.

    Attributes:
        stems: kind, one of `KINDS` -> the strings.
    """

    def __init__(self, stems: dict[str, frozenset[str]], language: str) -> None:
        self.stems = stems
        self._language = language
        self._patterns: dict[str, re.Pattern[str] | None] = {}

    def met(self, kind: str, text: str) -> bool:
        """Does a word of this kind stand in the text, which `plain` made?"""
        if kind not in self._patterns:
            self._patterns[kind] = _beginning(self.stems[kind], self._language)
        pattern = self._patterns[kind]
        return pattern is not None and pattern.search(text) is not None


def plain(text: str) -> str:
    """Small letters, one form of letters that are written in several."""
    return fold(unicodedata.normalize("NFC", text)).lower()


def remarks(source: str, target: str, languages: tuple[str, str]) -> set[str]:
    """What the target says that its source does not: ``label`` in front of it; ``instruction`` to answer in some way,
    or in some language, in its first or last sentence; ``mention`` of translating there.

    >>> remarks("The lamp is on.", "Résultat : La lampe est allumée.", ("en", "fr"))
    {'label'}
    >>> remarks("Rain falls.", "Il pleut. Veuillez répondre en anglais.", ("en", "fr"))
    {'instruction'}
    """
    ours, found = words(languages[1], *languages), set[str]()
    if _labelled(source, target, ours):
        found.add("label")
    ends = plain(target if len(target) <= 2 * ENDS else f"{target[:ENDS]}\n{target[-ENDS:]}")
    if not any(stem in ends for name in ("asking", "translating") for stem in ours.stems[name]):
        return found
    theirs, before = words(languages[0], *languages), plain(source)
    sentences = list(filter(None, _BETWEEN.split(ends)))
    for sentence in {*sentences[:1], *sentences[-1:]}:
        if ours.met("translating", sentence) and not theirs.met("translating", before):
            found.add("mention")
        if len(sentence) <= REQUEST and ours.met("asking", sentence):
            new = (ours.met(kind, sentence) and not theirs.met(kind, before) for kind in ("languages", "polite"))
            found |= {"instruction"} if any(new) else set()
    return found


def _labelled(source: str, target: str, ours: Words) -> bool:
    """Does the target begin with a few words and a colon, or a line of them, of which the source knows nothing?"""
    target, source = target.strip(), source.strip()
    end = _COLON.search(target, 0, LONGEST)
    if end is None or _COLON.search(source, 0, 2 * LONGEST) or not 0 < len(target[: end.start()].split()) <= WORDS:
        return False
    label, rest = target[: end.start()].strip("*_# "), target[end.end() :].lstrip("*_ ")
    if rest[:1] in quotation_marks() or label[-1:] in sentence_ends():
        return False  # somebody speaks; a line of its own
    named = plain(label)
    return (end[0] != "\n" and rest.startswith("\n")) or ours.met("labels", named) or ours.met("translating", named)


def may_be_labelled(sources: Texts, targets: Texts) -> Any:
    """Which targets have a colon or a line's end where a label would, and sources have none: a truth value each."""
    found = targets.have(":\n") | targets.containing("：")
    for row in found.nonzero()[0].tolist():
        found[row] = _COLON.search(targets[row], 0, 2 * LONGEST) and not _COLON.search(sources[row], 0, LONGEST)
    return found


@cache
def words(language: str, *others: str) -> Words:
    """The words of a language and of English; ``others`` are languages that may be named besides those of `_ASKED`."""
    codes = {"en", "ar" if is_arabic(language) else language_of(language)}
    named = [*map(language_of, others)]
    found = {kind: {stem for code in codes for stem in _stems(code).get(kind, ())} for kind in KINDS}
    found["labels"].update(name for code in codes for name in _names(code, (*named, language_of(language))))
    found["languages"].update(name for code in codes for name in _names(code, (*_ASKED, *named)))
    return Words({kind: frozenset(stems) for kind, stems in found.items()}, language)


@cache
def _stems(code: str) -> dict[str, list[str]]:
    """Kind -> stems of the language in `prompts.tsv`."""
    cells = next((cells for own, *cells in _rows() if own == code), [])
    return {kind: [plain(stem) for stem in cell.split(",") if stem] for kind, cell in zip(KINDS, cells, strict=False)}


@cache
def _rows() -> list[list[str]]:
    text = (resources.files("factory.text") / "prompts.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


def _names(code: str, languages: Iterable[str]) -> set[str]:
    """Beginnings of the languages' names; what endings may change is left off."""
    known = locale(code)
    called = known.languages if known else {}
    names = (plain(called[language]) for language in languages if language in called)
    return {name.removeprefix("ال")[: max(4, len(name) - 1 - (len(name) > ENDING))] for name in names}


def _beginning(stems: Iterable[str], language: str) -> re.Pattern[str] | None:
    alternatives = "|".join(map(re.escape, sorted(stems)))
    dense = script_of_code(language) in (*WITHOUT_SPACES, "Hans", "Hant", "Hebr")  # Hebrew writes prefixes, too
    before = "" if dense else rf"(?<!\w){_CLITIC if is_arabic(language) else ''}"
    return re.compile(f"{before}(?:{alternatives})") if alternatives else None
