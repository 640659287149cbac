from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.languages import detected_as, language_share, may_be_other


class SourceLanguage(Check):
    """Share of the source that is in the source language as CLD2 sees it; 1 where CLD2 is not sure.

    A "translation" of French by a model told to translate English is of little worth. Limit: a majority. FLORES-200
    devtest: all 1,012 English sentences are recognised; most are English by their frequent words and are not shown to
    CLD2, which needs about 9 µs a sentence.
    """

    version: ClassVar[int] = 5
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.5, ge=0, le=1)
    language: str | None = Field(None, description="default: the recipe's source language")

    def measure(self, source: str | None, target: str) -> float:
        return language_share(source or "", self.language or "en", target)

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        return may_be_other(sources, self.language or "en")

    def unjudged(self) -> str:
        language = self.language or "en"
        return "" if detected_as(language) else f"CLD2 does not know {language}"

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.language else self.model_copy(update={"language": source or "en"})
