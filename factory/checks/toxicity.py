from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.insults import insults


class Toxicity(Check):
    """How many words of the list of slurs and obscenities (English and Arabic, our own, short) the translation has.

    Words that have another everyday sense are not in the list, so it finds the crude cases only. False positives: none
    in 1,012 sentences of FLORES-200 devtest in either language. Of 17,283 sentences of Tatoeba it finds 13 in English,
    of which one means no offence (a jackass), and 4 in Arabic, all of which speak of prostitutes. Limit: none. About
    1 µs a text. Not among the defaults: texts about abuse are needed in training, too.
    """

    direction: ClassVar[Literal["min", "max"]] = "max"

    max: float = Field(0, ge=0)

    def measure(self, source: str | None, target: str) -> float:
        return float(len(insults(target)))
