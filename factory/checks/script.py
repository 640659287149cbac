from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.scripts import script_shares
from factory.text.structure import prose


class Script(Check):
    """Share of the letters outside code and URLs that are of the language's script; 1 where there are none."""

    direction: ClassVar[Literal["min", "max"]] = "min"

    min: float = Field(0.5, ge=0, le=1)
    language: str | None = Field(None, description="default: the recipe's target language")

    def score(self, source: str | None, target: str) -> float:
        return script_shares([prose(target)], self.language or "en")[0]

    def scores(self, sources: Sequence[str | None], targets: Sequence[str]) -> list[float | Exception]:
        return [*script_shares([prose(target) for target in targets], self.language or "en")]

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.language else self.model_copy(update={"language": target})
