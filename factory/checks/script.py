from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.names import without_names
from factory.text.scripts import script_shares
from factory.text.structure import plain_words

AGAIN = 0.6  # share of the script under which formulas are looked for


class Script(Check):
    """Share of the letters of the language's scripts, formulas apart; 1 where there are none.

    Where it is low, names that the source has too are left out. A letter of a script that says much with one (Chinese,
    Japanese, Korean) weighs as many as it stands for.
    """

    version: ClassVar[int] = 6
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "min"

    min: float = Field(0.5, ge=0, le=1)
    language: str | None = Field(None, description="default: the recipe's target language")

    def measure(self, source: str | None, target: str) -> float:
        return float(self._shares([source], [target])[0])

    def _shares(self, sources: Sequence[str | None], texts: Sequence[str]) -> Any:
        """A text that is mostly of another script is looked at again without words of formulas (``2 KNO3``)."""
        language = self.language or "en"
        found = script_shares(texts, language)
        again: list[int] = (found < AGAIN).nonzero()[0].tolist()
        rest = [without_names(plain_words(texts[row]), sources[row] or "") for row in again]
        found[again] = script_shares(rest, language)
        return found

    def counted(self, sources: Texts, targets: Texts) -> Any:
        return self._shares(sources.given, targets)

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.language else self.model_copy(update={"language": target})
