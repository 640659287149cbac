from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from factory.checks.base import Check


class Among(Check):
    """1 where the text, in whatever case and without white space at its ends, is one of `values`; else 0.

    For columns that say of each row what it is or whence it came: `license`, `generator`, `source`.
    """

    direction: ClassVar[Literal["min", "max"]] = "min"

    values: list[str] = Field(min_length=1)
    min: float = Field(1, ge=0, le=1)

    @field_validator("values")
    @classmethod
    def _plain(cls, values: list[str]) -> list[str]:
        return sorted({_plain(value) for value in values})

    def measure(self, source: str | None, target: str) -> float:
        return float(_plain(target) in self.values)


def _plain(text: str) -> str:
    return text.strip().casefold()
