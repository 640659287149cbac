"""A short list of slurs and obscenities, English and Arabic. Words with another everyday sense are left out."""

from __future__ import annotations

import re

from factory.text.arabic import fold

_ENGLISH = re.compile(
    r"\b(?:(?:mother)?fuck(?:s|ed|er|ers|ing|in)?|shit(?:s|ty|head|ting)?|bullshit|bitch(?:es|y)?|cunts?"
    r"|assholes?|arseholes?|dickheads?"
    r"|bastards?|whores?|sluts?|wankers?|twats?|nigg(?:er|a)s?|fagg?ots?|kikes?|spics?|chinks?|trann(?:y|ies)"
    r"|retards?|jackass(?:es)?"
    r"|douchebags?|blowjobs?|cumshots?|dumbass(?:es)?)\b",
    re.IGNORECASE,
)
# After `fold`; with the conjunctions and the article that are written onto words.
_ARABIC = re.compile(
    r"\b[وف]?(?:يا )?(?:ال)?(?:شرموط[هة]?|شراميط|عاهره|عاهرات|قحب[هة]?|قحاب|منيوك[هة]?|منايك|خول|خولات|عرص"
    r"|معرص[هة]?|كسمك|كسامك|كس امك|نيك|طيز"
    r"|زبي|متناك[هة]?|ابن الكلب|بنت الكلب|ولاد الكلب|اولاد الكلب|ابن القحبه|ابن الشرموطه|ابن الحرام|ابن الزنا"
    r"|لوطي|لواطه|ديوث|زنجي حقير|يلعن دينك|كلب ابن كلب)\b"
)
_ENGLISH_HINTS = (
    "uck",
    "hit",
    "itch",
    "cunt",
    "hole",
    "head",
    "bastard",
    "whore",
    "slut",
    "ank",
    "twat",
    "nig",
    "fag",
)
_ENGLISH_HINTS += ("kike", "spic", "chink", "tran", "retard", "ass", "douche", "job", "cum")


def insults(text: str) -> list[str]:
    """The words of the list in the text.

    >>> insults("What an asshole."), insults("Pass the class.")
    (['asshole'], [])
    """
    found: list[str] = []
    lowered = text.lower()
    if any(map(lowered.__contains__, _ENGLISH_HINTS)):
        found += _ENGLISH.findall(text)
    if not text.isascii():
        found += _ARABIC.findall(fold(text))
    return found
