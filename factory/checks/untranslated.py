from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import LATIN, Texts
from factory.text.lexicon import lexicon
from factory.text.scripts import scripts_of

_LEFT = re.compile(r"(?<![\w./@'’\\$\"“«({<%-])[a-z]{4,}(?![\w/@()’'\"”»}>-]|\.\w)")
_RUN = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:[\s,;:.()\"]+[A-Za-z][A-Za-z'’-]*){3,}")
_CLAUSE_END = re.compile(r"[.!?;:,\n]+(?=\s|$)\s*")


class Untranslated(Check):
    """Words of the longest run of English words that the translation copied from its source.

    Finds the sentence or clause that was left as it was in the middle of a good translation, which `echo` and `script`
    average away. Words in capitals and names count half: titles and organisations are often left in Latin letters.
    Words of four small letters or more, wherever they stand outside quotation marks and brackets, count 1.6 each, 5
    if they are everyday words, which an Arabic text has no reason to hold. In a translation into a language of Latin
    script, whose words may be those of the source, only sentences and clauses count that are whole in both texts.
    Limit: 4.5. Under 1 µs a text without Latin letters.
    """

    version: ClassVar[int] = 3
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0
    compares: ClassVar[bool] = True

    max: float = Field(4.5, ge=0)
    language: str | None = Field(None, description="default: the recipe's target language")

    def measure(self, source: str | None, target: str) -> float:
        if "Latin" in scripts_of(self.language or "ar"):
            clauses = {*_CLAUSE_END.split(source or "")} & {*_CLAUSE_END.split(target)}
            return max((_weight(clause.split()) for clause in clauses), default=0.0)
        if target.isascii() or not source or (_LEFT.search(target) is None and _RUN.search(target) is None):
            return 0.0
        left = {word for word in _LEFT.findall(target) if word in source}
        longest = sum(5.0 if word in lexicon("en", "ar") else 1.6 for word in left)
        for run in _RUN.findall(target):
            words = run.split()
            if run in source or sum(word in source for word in words) > 0.8 * len(words):
                longest = max(longest, _weight(words))
        return longest

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        return targets.have(LATIN)

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.language else self.model_copy(update={"language": target})


def _weight(words: list[str]) -> float:
    """Words, those that are names by half."""
    return sum(1.0 if word.islower() else 0.5 for word in words if len(word) > 2)
