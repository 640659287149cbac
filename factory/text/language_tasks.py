"""Tasks about language itself: translated, they ask for something else, and their answers are wrong.

"Correct the spelling of recieve" has no Arabic form. Such rows are dropped, or their quoted part is kept. The phrases
in `language_tasks.txt` are for instructions in English; precision comes before recall.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from factory.text.phrases import required


class LanguageTask(NamedTuple):
    """Attributes:
    score: 1.0 where a translation makes no sense (spelling), down to 0.5 where it may pass (passive voice).
    kind: translation, spelling, grammar, letters, sound, form or words.
    phrase: what gave it away.
    """

    score: float
    kind: str
    phrase: str


RULES = Path(__file__).with_name("language_tasks.txt")


def _read() -> list[tuple[float, str, list[str]]]:
    """(score, kind, regular expressions) of the file, the lists put in that it names."""
    lists: dict[str, str] = {}
    found: list[tuple[float, str, list[str]]] = []
    for line in RULES.read_text("utf-8").splitlines():
        if head := re.fullmatch(r"\[(\S+) (\w+)\]", line):
            found.append((float(head[1]), head[2], []))
        elif found and line:
            found[-1][2].append(re.sub(r"\{([A-Z]+)\}", lambda name: lists[name[1]], line))
        elif named := re.match(r"([A-Z]+) = (.*)", line):
            lists[named[1]] = named[2]
    return found


@cache
def _rules() -> list[tuple[float, str, list[tuple[frozenset[str], str]]]]:
    """(score, kind, rules) of the file: strings of which a match holds one, and the regular expression."""
    return [(score, kind, [(required(rule), rule) for rule in rules]) for score, kind, rules in _read()]


@cache
def signs() -> frozenset[str]:
    """A text without any of these strings (in small letters) and any `SHIFTING` character is about no language."""
    return frozenset[str]().union(*(strings for _, _, rules in _rules() for strings, _ in rules))


_SHIFTING = re.compile("[İıſK]")  # match ASCII letters where case is ignored
_CODE = re.compile(
    r"\b(?:function|program|script|algorithm|code|python|java|javascript|sql|regex|class|method|c\+\+|query)\b",
    re.IGNORECASE,
)
_LONGEST = 1000  # characters of an instruction that are looked at


def requires_source_language(instruction: str) -> LanguageTask | None:
    """The sign with the highest score that the instruction is about its own language; None for most.

    >>> requires_source_language("Correct the spelling of this word: recieve")
    LanguageTask(score=1.0, kind='spelling', phrase='Correct the spelling')
    """
    text, best = instruction[:_LONGEST], None
    lowered = text.lower()
    anything = _SHIFTING.search(text) is not None
    met = {string for string in signs() if string in lowered}
    for score, kind, rules in _rules():
        if best is not None and score <= best.score:
            continue
        found = [
            match
            for strings, rule in rules
            if (anything or not met.isdisjoint(strings)) and (match := re.search(rule, text, re.IGNORECASE))
        ]
        if found:
            if kind in ("letters", "grammar") and _CODE.search(text):
                continue  # a program that counts vowels counts them in any language
            best = LanguageTask(score, kind, min(found, key=re.Match.start)[0])
            if score == 1.0:
                break
    return best
