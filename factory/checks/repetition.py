from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.trigrams import repeats, stutters

MIN_WORDS = 8  # fewer words say nothing about repetition
LONG_WORD = 16
PERIOD = 20  # words that are looked for three times in a row
TIMES = 4  # of one word in a row, as no one writes but for effect
LONGEST_PIECE = 8  # characters
_RUN = re.compile(rf"(\D{{1,{LONGEST_PIECE}}}?)\1{{7,}}")
_PIECE = re.compile(rf"(([^\W\d_])(?!\2)[^\W\d_]{{1,{LONGEST_PIECE - 1}}}?)\1{{{TIMES - 1},}}")


class Repetition(Check):
    """Share of distinct word trigrams, 1 for prose and near 0 for a model that goes round in circles; half of it where
    the same words come three times in a row (a single one, or in scripts without spaces a few characters, four times),
    however long the text around them.

    Long words made of one repeated piece count as repeated, too. A source that repeats itself lowers what is expected
    of its translation: the score is relative to the source's own, at most 1.
    """

    version: ClassVar[int] = 5
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "min"

    min: float = Field(0.6, ge=0, le=1)

    def measure(self, source: str | None, target: str) -> float:
        own = distinct(target)
        if source is None or own > 0.99:
            return own
        share = own / max(distinct(source), 0.01)
        return share if share < 1.0 else 1.0

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        return repeats(targets) | stutters(targets, LONGEST_PIECE, TIMES)


def distinct(text: str) -> float:
    """Share of distinct word trigrams, times the share of characters that are not in runs within long words."""
    words = text.split()
    if not words:
        return 1.0
    share = 1.0
    if len(words) >= MIN_WORDS:
        share = len(set(zip(words, words[1:], words[2:], strict=False))) / (len(words) - 2)
    long = len(max(words, key=len)) >= LONG_WORD
    if ((share < 1.0 or len(words) < MIN_WORDS) and _in_a_row(words)) or (long and _PIECE.search(text)):
        share /= 2
    if long:
        runs = sum(len(match[0]) for word in words if len(word) >= LONG_WORD for match in _letter_runs(word))
        share *= 1 - runs / len(text)
    return share


def _in_a_row(words: list[str]) -> bool:
    """Do the same 2 to `PERIOD` words come three times one after the other, or one word `TIMES` times?"""
    words = [word.strip(".,;:!?،؛؟…") for word in words]
    last: dict[tuple[str, ...], int] = {}
    periods: set[int] = set()
    for place, trigram in enumerate(zip(words, words[1:], words[2:], strict=False)):
        periods.add(place - last.get(trigram, -len(words)))
        last[trigram] = place
    for period in periods:
        if period > PERIOD:
            continue
        same, needed = 0, 2 * period if period > 1 else TIMES - 1
        for word, later in zip(words, words[period:], strict=False):
            same = same + 1 if word == later else 0
            if same >= needed:
                return True
    return False


def _letter_runs(word: str) -> list[re.Match[str]]:
    """Runs with a letter in them: a rule of dashes is not repetition."""
    return [match for match in _RUN.finditer(word) if any(map(str.isalpha, match[1]))]
