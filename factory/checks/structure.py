from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.structure import KINDS, overlap


class Structure(Check):
    """How much of what must not be translated came over: code, inline code, URLs, placeholders, numbers, list markers.

    The worst overlap (Dice coefficient of the two multisets) among `kinds`; 1 where nothing is lost or added. Numbers
    of one or two digits are not compared: they are often written in words.
    """

    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.8, ge=0, le=1)
    kinds: list[Literal["code", "inline_code", "urls", "placeholders", "numbers", "lists"]] = Field(
        list(KINDS),  # type: ignore[arg-type]
        min_length=1,
    )

    def score(self, source: str | None, target: str) -> float:
        worst = 1.0
        for kind in self.kinds:
            find = KINDS[kind]
            before, after = find(source or ""), find(target)
            if before != after:
                share = overlap(before, after)
                worst = share if share < worst else worst
        return worst
