"""What professional translations show of languages: how long texts get, and how CLD2 takes them.

The table is `languages.tsv`, made by `benchmarks/checks/learn_languages.py`, which says how.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from statistics import median

from factory.text.language_codes import language_of, script_of_code

HABIT = 0.92  # share of sentences from which something is a habit of the language
STRICT = 0.95
DENSE = 0.6  # characters for one of English
RARE = 0.005  # share of sentences from which something happens in a language


@dataclass(frozen=True)
class Seen:
    """One language in one script.

    Attributes:
        length: characters of translation for one of English, median of sentences.
        detected: the code by which CLD2 knows the language, or one so near that it takes it for that; empty where
            there is none.
        kin: codes of other languages that CLD2 now and then takes it for.
        stops: share of sentences that end in a mark, of those whose source ends in a full stop.
        asks: share of questions that have a question mark; NaN where there were too few.
        digits: share of translations with digits, of those whose source has a number of more than two.
        prefixed: share of translations with a name behind a small prefix (kwaseMelika).
        splits: share of translations with several sentences, of those whose source has one.
    """

    length: float
    detected: str
    kin: tuple[str, ...]
    stops: float
    asks: float
    digits: float
    prefixed: float
    splits: float


def seen(code: str) -> Seen | None:
    """What the table has of a language, in the script of its code if it can be."""
    language = _table().get(language_of(code), {})
    return language.get(script_of_code(code) or "") or next(iter(language.values()), None)


@cache
def kin(code: str) -> frozenset[str]:
    """CLD2's codes of languages that it takes the language for, in any of its scripts."""
    return frozenset(name for found in _table().get(language_of(code), {}).values() for name in found.kin)


def scripts_seen(language: str) -> set[str]:
    return {*_table().get(language, ())}


def expected_ratio(source: str, target: str) -> float:
    """Characters of translation for one of the source, as professional translators write them.

    >>> round(expected_ratio("en", "ar"), 1), round(expected_ratio("zh", "en"), 1)
    (0.9, 3.0)
    """
    return _length(target) / _length(source)


def letters_for_one(code: str) -> float:
    """How many English letters one of the language stands for, where that is about two or more, as in Chinese; else 1.

    >>> round(letters_for_one("zh")), letters_for_one("ar")
    (3, 1.0)
    """
    return 1 / _length(code) if _length(code) < DENSE else 1.0


def is_arabic(code: str) -> bool:
    """Is the language Arabic or one of its varieties, which CLD2 takes for it?"""
    found = seen(code)
    return found.detected == "ar" if found else language_of(code) == "ar"


def writes_stops(code: str) -> bool:
    """Do sentences of the language end in a mark? They do not in Thai and Lao."""
    found = seen(code)
    return found is None or found.stops >= STRICT


def writes_question_marks(code: str) -> bool:
    """Have questions of the language a mark? Where too few were seen, those have whose sentences end in one."""
    found = seen(code)
    return found is None or (found.asks >= HABIT if found.asks == found.asks else writes_stops(code))


def writes_digits(code: str) -> bool:
    """Are long numbers always written in digits? In some languages they are often spelled out."""
    found = seen(code)
    return found is None or not found.digits < HABIT


def writes_prefixes(code: str) -> bool:
    """Are names written with small prefixes, as in kwaseMelika? They look like names from code."""
    found = seen(code)
    return found is not None and found.prefixed >= RARE


def splits(code: str) -> float:
    """How often translators into the language cut a sentence in two."""
    found = seen(code)
    return found.splits if found else 0.0


@cache
def _length(code: str) -> float:
    """For one of English; of a language that the table lacks the median of its script, 1 where it has none of it."""
    if language_of(code) == "en":
        return 1.0
    if found := seen(code):
        return found.length
    script = script_of_code(code)
    same = [scripts[script].length for scripts in _table().values() if script in scripts]
    return median(same) if same else 1.0


@cache
def _table() -> dict[str, dict[str, Seen]]:
    """Language -> script -> what was seen."""
    found: dict[str, dict[str, Seen]] = {}
    for line in (resources.files("factory.text") / "languages.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            language, script, length, detected, kin, *habits = line.split("\t")
            entry = Seen(float(length), detected, tuple(kin.split()), *map(float, habits))
            found.setdefault(language, {})[script] = entry
    return found
