from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import LATIN, Texts
from factory.text.lexicon import lexicon

_LEFT = re.compile(r"(?<![\w./@'’\\$\"“«({<%-])[a-z]{4,}(?![\w/@()’'\"”»}>-]|\.\w)")
_RUN = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:[\s,;:.()\"]+[A-Za-z][A-Za-z'’-]*){3,}")


class Untranslated(Check):
    """Words of the longest run of English words that the translation copied from its source.

    Finds the sentence or clause that was left as it was in the middle of a good translation, which `echo` and `script`
    average away. Words in capitals and names count half: titles and organisations are often left in Latin letters.
    Words of four small letters or more, wherever they stand outside quotation marks and brackets, count 1.6 each, 5
    if they are everyday words, which an Arabic text has no reason to hold. Only for translations into languages of
    another script. Limit: 4.5. Under 1 µs a text without Latin letters.
    """

    version: ClassVar[int] = 3
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0
    compares: ClassVar[bool] = True

    max: float = Field(4.5, ge=0)

    def measure(self, source: str | None, target: str) -> float:
        if target.isascii() or not source or (_LEFT.search(target) is None and _RUN.search(target) is None):
            return 0.0
        left = {word for word in _LEFT.findall(target) if word in source}
        longest = sum(5.0 if word in lexicon("en", "ar") else 1.6 for word in left)
        for run in _RUN.findall(target):
            words = run.split()
            if run in source or sum(word in source for word in words) > 0.8 * len(words):
                longest = max(longest, sum(1.0 if word.islower() else 0.5 for word in words if len(word) > 2))
        return longest

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        return targets.have(LATIN)
