from __future__ import annotations

import re
from collections import Counter
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text import column
from factory.text.column import Texts
from factory.text.counts import FOREIGN, LATIN, OTHER, OWN, script_classes

# Letters of both scripts in one word; the Arabic article and particles are written onto foreign words.
_TORN = re.compile(r"[A-Za-z]{2}[\u0620-\u064a]{3}|[\u0620-\u064a]{4}[A-Za-z]{2}")


class MixedScript(Check):
    """Share of the letters that are of a script foreign to both the language and the source: Chinese, Cyrillic and so
    on in Arabic; and of letters in words torn between Arabic and Latin.

    Greek letters are left out (formulas), Latin ones are the business of `script` and `echo`. Limit: none at all;
    models that slip into another script do it for a few words. FLORES-200 devtest: no pair scores above 0. Counted
    for all texts in one go, under 1 µs a sentence.
    """

    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0

    max: float = Field(0, ge=0, le=1)
    language: str | None = Field(None, description="default: the recipe's target language")

    def score(self, source: str | None, target: str) -> float:
        table, known = script_classes(self.language or "en"), source or ""
        count = Counter(table.item(min(ord(character), 0xFFFF)) for character in target)
        letters = count.total() - count[OTHER]
        many = 0
        if count[FOREIGN]:
            many = sum(c not in known for c in target if table[min(ord(c), 0xFFFF)] == FOREIGN)
        if count[OWN] and count[LATIN]:
            many += sum(len(match) for match in _TORN.findall(target) if match not in known)
        return many / letters if many else 0.0

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        foreign = script_classes(self.language or "en").take(targets.points) == FOREIGN
        torn = targets.follows(column.LATIN, column.ARABIC) | targets.follows(column.ARABIC, column.LATIN)
        return targets.rows(np.flatnonzero(foreign)) | torn

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.language else self.model_copy(update={"language": target})
