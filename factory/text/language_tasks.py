"""Tasks about language itself: translated, they ask for something else, and their answers are wrong.

"Correct the spelling of recieve" has no Arabic form. Such rows are dropped, or their quoted part is kept. The phrases
in `language_tasks.txt` are for instructions in English; precision comes before recall.
"""

from __future__ import annotations

import re
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


def _rules() -> list[tuple[float, str, list[str]]]:
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


_PATTERNS = [
    (score, kind, [(required(rule), re.compile(rule, re.IGNORECASE)) for rule in rules])
    for score, kind, rules in _rules()
]
SIGNS = frozenset[str]().union(*(strings for _, _, rules in _PATTERNS for strings, _ in rules))
"""A text without any of these strings (in small letters) and without `SHIFTING` characters is about no language."""
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
    for score, kind, rules in _PATTERNS:
        if best is not None and score <= best.score:
            continue
        found = [
            match
            for strings, pattern in rules
            if (anything or any(map(lowered.__contains__, strings))) and (match := pattern.search(text))
        ]
        if found:
            if kind in ("letters", "grammar") and _CODE.search(text):
                continue  # a program that counts vowels counts them in any language
            best = LanguageTask(score, kind, min(found, key=re.Match.start)[0])
            if score == 1.0:
                break
    return best
