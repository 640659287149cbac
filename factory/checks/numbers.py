from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.numbers import numbers_overlap, same_digits
from factory.text.percent import may_name_percents, percents_lost
from factory.text.placement import misplaced

CHANGED = 0.25  # the score where all numbers are there, but not what they say


class Numbers(Check):
    """Dice coefficient of the numbers written in digits: 1 where the same ones are in both texts, 0 where none is.

    1,000, 1000, 1 000 and ١٠٠٠ are the same, digits of every script, and 4.5 million and 450 万. Numbers of one or two
    digits are excused where the other text spells out a number or names a month (in languages whose number words are
    not known here: where none was put in their place). `CHANGED` at most where a share lost its per cent sign, or the
    same numbers stand in other lines or cells of a table. Idea: OpusFilter's NonZeroNumeralsFilter and OpusCleaner's
    num_mismatch. About 3 µs a pair.
    """

    version: ClassVar[int] = 5
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.5, ge=0, le=1)
    languages: list[str] | None = Field(None, min_length=2, max_length=2, description="default: those of the recipe")

    def measure(self, source: str | None, target: str) -> float:
        source, languages = source or "", self._languages
        share = numbers_overlap(source, target, languages)
        changed = ("\n" in target and misplaced(source, target)) or percents_lost(source, target, languages)
        return min(share, CHANGED) if changed else share

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        return ~same_digits(sources, targets) | may_name_percents(sources, self._languages[0])

    @property
    def _languages(self) -> tuple[str, str]:
        first, second = self.languages or ("en", "ar")
        return first, second

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.languages else self.model_copy(update={"languages": [source or "en", target]})
