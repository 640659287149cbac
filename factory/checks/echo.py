from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.names import without_names
from factory.text.structure import plain_words

LEAST = 0.25  # share of the words, whatever they are, under which nothing is counted


class Echo(Check):
    """Share of the translation's words that are words of its source: 1 for a copy, 0 where they are fewer than a
    quarter. Formulas, numbers and names that both have are left out.

    A source without words, such as a sum, has nothing to translate: its copy scores 0.
    """

    version: ClassVar[int] = 6
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0
    compares: ClassVar[bool] = True

    max: float = Field(0.6, ge=0, le=1)

    def measure(self, source: str | None, target: str) -> float:
        known = {*(source or "").casefold().split()}
        if _share(known, target.casefold().split()) < LEAST:
            return 0.0
        words = without_names(plain_words(target), source or "").casefold().split()
        return sum(word in known for word in words) / len(words) if words else 0.0

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        found = (sources.letters() & targets.letters()) != 0
        for row in found.nonzero()[0].tolist():
            found[row] = _share({*sources.words[row]}, targets[row].casefold().split()) >= LEAST
        return found


def _share(known: set[str], words: list[str]) -> float:
    """Of the words with letters, the share that is known."""
    met = sum(map(_has_letters, filter(known.__contains__, words)))
    return met / sum(map(_has_letters, words)) if met else 0.0


def _has_letters(word: str) -> bool:
    return word.isalpha() or any(map(str.isalpha, word))
