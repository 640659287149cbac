from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import LATIN, Texts
from factory.text.structure import prose

_RUN = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:[\s,;:.()\"]+[A-Za-z][A-Za-z'’-]*){3,}")


class Untranslated(Check):
    """Words of the longest run of English words, code and URLs apart, that the translation copied from its source.

    Finds the sentence or clause that was left as it was in the middle of a good translation, which `echo` and `script`
    average away. Words in capitals and names count half: titles and organisations are often left in Latin letters.
    Only for translations into languages of another script. Limit: 6. Under 1 µs a text without Latin letters.
    """

    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0
    compares: ClassVar[bool] = True

    max: float = Field(6, ge=0)

    def score(self, source: str | None, target: str) -> float:
        if target.isascii() or _RUN.search(target) is None:
            return 0.0
        known = source or ""
        longest = 0.0
        for run in _RUN.findall(prose(target)):
            words = run.split()
            if run in known or sum(word in known for word in words) > 0.8 * len(words):
                longest = max(longest, sum(1.0 if word.islower() else 0.5 for word in words))
        return longest

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        return targets.have(LATIN)
