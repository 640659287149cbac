from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.counts import FOREIGN, LATIN, OWN, class_counts, script_classes

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

    max: float = Field(0, ge=0, le=1)
    language: str | None = Field(None, description="default: the recipe's target language")

    def score(self, source: str | None, target: str) -> float:
        found = self.scores([source], [target])[0]
        if isinstance(found, Exception):
            raise found
        return found

    def scores(self, sources: Sequence[str | None], targets: Sequence[str]) -> list[float | Exception]:
        table = script_classes(self.language or "en")
        counts = class_counts(targets, table, 5)
        foreign = counts[:, FOREIGN].tolist()
        both = ((counts[:, OWN] > 0) & (counts[:, LATIN] > 0)).tolist()
        letters = counts[:, 1:].sum(axis=1).tolist()
        found: list[float | Exception] = [0.0] * len(targets)
        for row, many in enumerate(foreign):
            if many or both[row]:
                source, target = sources[row] or "", targets[row]
                many = sum(c not in source for c in target if table[min(ord(c), 0xFFFF)] == FOREIGN) if many else 0
                if both[row]:
                    many += sum(len(match) for match in _TORN.findall(target) if match not in source)
                found[row] = many / letters[row]
        return found

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.language else self.model_copy(update={"language": target})
