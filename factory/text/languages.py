"""Which language a text is in, by CLD2: 100,000 sentences a second, its model within the library.

Compared on FLORES-200 devtest (English, Arabic) and on short sentences of Tatoeba with py3langid, fastText's
lid.176.ftz and lingua: the same accuracy on sentences, and it alone says when it is not sure, as of short texts. What
it takes professional translations for now and then (Bosnian for Croatian, Malay for Indonesian) counts as right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from factory.text.column import Texts
from factory.text.language_codes import language_of, script_of_code
from factory.text.language_table import kin, seen
from factory.text.names import without_names

SHORTEST = 40  # characters; of shorter texts CLD2 is sure too easily
LONGEST = 600  # characters that are looked at
ENOUGH = 0.5  # share of a language under which names are left out
FREQUENT = 0.25  # share of frequent words of English from which no text is looked at further
_FREQUENT = (
    "the of and in is that it was on are with his they be this from have or by had not but what all were when we "
    "there can an your which their if will each about how up out them then she he you many some so these would "
    "other into has more two him could than been its who now my our did only may most after also any before between "
    "both during every first just like one should since such through under until very where while because against "
    "does don't it's i'm being those same said says also which who what how many several however although another "
    "people years used using made make called known found number world water near three four five first second "
    "government country between including according following around often became become began later early large "
    "small high still even much such well good great must might shall never always where why off down over own "
)
_ENGLISH = frozenset(_FREQUENT.split())
_OLD = {"he": "iw", "jv": "jw", "nb": "no", "fil": "tl", "zh-Hant": "zh-Hant"}


def language_share(text: str, language: str, source: str = "") -> float:
    """Share of the text in the language or in one that CLD2 takes it for, from 0 to 1; 1.0 where nothing reliable can
    be said, as of languages that CLD2 does not know, and for what `is_english` of texts that should be.

    Where another language prevails, names that the source has too are left out (they belong to any language), and
    CLD2 is told which one to expect.

    >>> language_share("Das Ergebnis wird im kommenden Monat bekannt gegeben.", "de")
    0.98
    >>> language_share("Tom", "ar")
    1.0
    """
    code = detected_as(language)
    if not code or len(text) < SHORTEST or (language_of(language) == "en" and is_english(text.casefold().split())):
        return 1.0
    share = _share(text, language, code)
    if share < ENOUGH and source and (rest := without_names(text, source)) != text:
        share = max(share, _share(rest, language, code, code))
    return share


def is_english(words: Sequence[str]) -> bool:
    """Are so many of the words frequent ones of English that no other language can prevail? CLD2 says the same of
    nearly all English sentences, at many times the cost.

    >>> is_english("the river behind the house".split()), is_english("der Fluss hinter dem Haus".split())
    (True, False)
    """
    return sum(map(_ENGLISH.__contains__, words)) > FREQUENT * len(words)


def may_be_other(texts: Texts, language: str) -> Any:
    """Which texts may have another share than 1: one truth value for each."""
    found = texts.lengths >= SHORTEST
    if language_of(language) == "en":
        for row in found.nonzero()[0].tolist():
            found[row] = not is_english(texts.words[row])
    return found


def varieties(texts: Sequence[str]) -> dict[str, float]:
    """Of the texts that CLD2 is sure of, the share that it takes for each language, most first; its own codes."""
    found = Counter(max(shares, key=shares.__getitem__) for text in texts if (shares := detect(text)))
    return {code: count / found.total() for code, count in found.most_common()}


def detect(text: str, expected: str = "") -> dict[str, float] | None:
    """CLD2's shares of languages in the text, by its own codes; None where it is not sure.

    Args:
        expected: CLD2's code of the language that the text is thought to be in, which it favours; may be empty. It
            is not told of Chinese: told so, it takes traditional characters for Japanese.
    """
    import pycld2

    hint = None if expected.startswith("zh") else expected or None
    try:
        answer: Any = pycld2.detect(text[:LONGEST], hintLanguage=hint)
    except (pycld2.error, UnicodeEncodeError):  # control characters, halves of characters
        return None
    reliable, _, found = answer
    return {code: percent / 100 for _, code, percent, _ in found if percent and code != "un"} if reliable else None


@cache
def detected_as(language: str) -> str:
    """CLD2's code for the language, or for one that it takes the language for; empty where it has none."""
    found = seen(language)
    return found.detected if found else own_code(language)


@cache
def own_code(language: str) -> str:
    """CLD2's code for the language itself, empty where it cannot detect it."""
    import pycld2

    base = language_of(language)
    if base == "zh" and script_of_code(language) == "Hant":
        return "zh-Hant"
    code = _OLD.get(base, base)
    return code if any(known == code and name in pycld2.DETECTED_LANGUAGES for name, known in pycld2.LANGUAGES) else ""


def _share(text: str, language: str, code: str, expected: str = "") -> float:
    shares = detect(text, expected)
    if not shares:
        return 1.0
    accepted = _accepted(language, code)
    return sum(share for label, share in shares.items() if label in accepted)


@cache
def _accepted(language: str, code: str) -> frozenset[str]:
    """CLD2's codes that count as the language, its two of Chinese as one."""
    codes = {code, *kin(language)}
    return frozenset(codes | {"zh", "zh-Hant"} if codes & {"zh", "zh-Hant"} else codes)
