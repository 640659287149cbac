from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.numbers import numbers_overlap, same_digits


class Numbers(Check):
    """Dice coefficient of the numbers written in digits: 1 where the same ones are in both texts, 0 where none is.

    1,000, 1000 and ١٠٠٠ are the same. Numbers of one or two digits are excused where the other text spells out a
    number or names a month. Idea: OpusFilter's NonZeroNumeralsFilter and OpusCleaner's num_mismatch; limit: of good
    translations (FLORES-200 devtest) 1 % score below it. About 3 µs a pair.
    """

    version: ClassVar[int] = 2
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.5, ge=0, le=1)

    def measure(self, source: str | None, target: str) -> float:
        return numbers_overlap(source or "", target)

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        return ~same_digits(sources, targets)
