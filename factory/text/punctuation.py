"""Marks that end a sentence, ask a question or close a quotation, in every script, by their Unicode properties."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from factory.text.language_codes import script_of_code
from factory.text.scripts import PLANE, characters, scripts_of

FULL_WIDTH = slice(0xFF01, 0xFF66)
EAST_ASIAN = frozenset(["Hans", "Hant", "Hanb", "Hani", "Jpan", "Kore", "Hang", "Yiii"])
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""What may stand at the end of a text unseen: joiners, direction marks, breaks without width."""


@cache
def sentence_ends() -> frozenset[str]:
    """Characters that end a sentence (Sentence_Terminal, the marks at the ends of Tibetan ones), and the ellipsis."""
    return frozenset(_having("Sentence_Terminal") | set("…༎།๚๛"))


@cache
def text_ends() -> frozenset[str]:
    """Characters that a finished text may end with: all marks that end something but commas, and what closes. Not
    those that open a quotation in some languages and close it in others."""
    straight = {mark for mark in quotation_marks() if unicodedata.category(mark) == "Po"}
    ends = _having("Terminal_Punctuation") | sentence_ends() | straight | set("*`>|$ʺ")
    closing = {mark for mark in _characters() if unicodedata.category(mark) in ("Pe", "Pf")}
    return frozenset(mark for mark in ends | closing if "COMMA" not in unicodedata.name(mark, ""))


@cache
def asking_marks(language: str) -> frozenset[str]:
    """Question marks of all scripts; of Greek also the semicolon, which is one there."""
    marks = {mark for mark in _characters() if "QUESTION MARK" in unicodedata.name(mark, "")}
    return frozenset(marks | {";"} if script_of_code(language) == "Grek" else marks)


@cache
def quotation_marks() -> frozenset[str]:
    return frozenset(_having("Quotation_Mark"))


@cache
def between_sentences(lines: bool = False) -> re.Pattern[str]:
    """What stands between sentences: not after an initial, not after 1.; marks beyond ASCII need no white space. With
    `lines` also what stands between lines. Begins with a plain set of characters, which `re` looks for much faster
    than for anything else."""
    wide = a_class(sentence_ends() - {*".!?…"})
    stop = r"(?:(?<=[!?])|(?<=[^\W_][^\W\d_][.…])|(?<=[^\n]\d\d[.…]))[.!?…]*[\"'”»’)\]*]*\s+"
    sentence = rf"(?:{stop}|(?<=[{wide}])[{wide}\"'”»’)\]*]*\s*)(?=\S)"
    return re.compile(rf"[.!?…{wide}\n](?:(?<=\n)\s*|{sentence})" if lines else f"[.!?…{wide}]{sentence}")


@cache
def foreign_marks(language: str) -> frozenset[str]:
    """Marks of scripts that the language is not written with, by Unicode's Script_Extensions; and those of full width
    outside East Asia.

    >>> sorted(foreign_marks("ar") & {*"،。，."}), sorted(foreign_marks("zh") & {*"،。，."})
    (['。', '，'], ['،'])
    """
    import numpy as np

    scripts = scripts_of(language)
    own = np.logical_or.reduce([characters(script) for script in ("Zyyy", "Zinh", *scripts)])
    own[FULL_WIDTH] = not EAST_ASIAN.isdisjoint(scripts)
    return frozenset(mark for mark in _characters() if not own[ord(mark)])


def a_class(marks: frozenset[str]) -> str:
    """The inside of a regular expression's class of these characters."""
    return "".join(f"\\u{ord(mark):04x}" for mark in sorted(marks))


def _having(name: str) -> set[str]:
    import regex

    return {*regex.findall(rf"\p{{{name}}}", "".join(_characters()))}


@cache
def _characters() -> tuple[str, ...]:
    return tuple(mark for mark in map(chr, range(PLANE)) if unicodedata.category(mark)[0] == "P" or mark in "`|$>")
