from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.scripts import script_shares
from factory.text.structure import prose


class Script(Check):
    """Share of the letters outside code and URLs that are of the language's script; 1 where there are none."""

    direction: ClassVar[Literal["min", "max"]] = "min"

    min: float = Field(0.5, ge=0, le=1)
    language: str | None = Field(None, description="default: the recipe's target language")

    def score(self, source: str | None, target: str) -> float:
        return script_shares([prose(target)], self.language or "en")[0]

    def column_scores(self, sources: Texts, targets: Texts) -> list[float | Exception]:
        found: list[float | Exception] = [*script_shares(targets, self.language or "en")]
        dressed = targets.have("`~{") | targets.containing("http") | targets.containing("www.")
        rows = dressed.nonzero()[0].tolist()
        for row, share in zip(
            rows, script_shares([prose(targets[row]) for row in rows], self.language or "en"), strict=True
        ):
            found[row] = share
        return found

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.language else self.model_copy(update={"language": target})
