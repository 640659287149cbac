from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.languages import detected_as, language_share, may_be_other


class Language(Check):
    """Share of the text that is in the target language as CLD2 sees it; 1 where CLD2 is not sure, as of short texts.

    Tells Arabic from Persian or Urdu, which `script` cannot. Dialects of Arabic are one language to CLD2, and
    neighbours that it confuses count as the one expected; a language that it cannot tell scores 1. Limit: a majority.
    English that has many of its frequent words is not shown to CLD2 and scores 1. About 8 µs a sentence.
    """

    version: ClassVar[int] = 5
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "min"

    min: float = Field(0.5, ge=0, le=1)
    language: str | None = Field(None, description="default: the recipe's target language")

    def measure(self, source: str | None, target: str) -> float:
        return language_share(target, self.language or "en", source or "")

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        return may_be_other(targets, self.language or "en")

    def unjudged(self) -> str:
        language = self.language or "en"
        return "" if detected_as(language) else f"CLD2 does not know {language}"

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.language else self.model_copy(update={"language": target})
