from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts


class Empty(Check):
    """Characters of the text without white space at its ends."""

    direction: ClassVar[Literal["min", "max"]] = "min"

    min: float = Field(1, ge=0)

    def measure(self, source: str | None, target: str) -> float:
        return float(len(target.strip()))

    def counted(self, sources: Texts, targets: Texts) -> Any:
        return targets.stripped_lengths.astype(float)
