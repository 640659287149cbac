from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.language_codes import language_of
from factory.text.lexicon import coverage, coverages, lexicon


class Lexicon(Check):
    """Are the source's everyday words and names met in the translation? (found + 1) / (looked up + 1), from 0 to 1.

    Looks up some 1,400 English word forms and, by their consonants, names. Finds texts that translate something else:
    rows that slipped out of line, leaked examples of the prompt, answers. 1 for languages without a lexicon (there is
    one for English to Arabic) and where fewer than `least` words are known; a name that is not met counts half. Limit:
    one of 5,109 professional translations (NTREX-128, FLORES-200 devtest, TICO-19) scores below it. About 8 µs a pair.
    """

    version: ClassVar[int] = 5
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.35, ge=0, le=1)
    least: int = Field(3, ge=1)
    languages: list[str] | None = Field(None, min_length=2, max_length=2, description="default: those of the recipe")

    def measure(self, source: str | None, target: str) -> float:
        words = lexicon(*(self.languages or ("", "")))
        if not words or not source:
            return 1.0
        return self._share(*coverage(source, target, words))

    def counted(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        source, target = self.languages or ("", "")
        if not lexicon(source, target):
            return np.ones(len(targets))
        return np.array([self._share(*found) for found in coverages(sources, targets, (source, target))])

    def _share(self, found: int, size: float) -> float:
        return (found + 1) / (size + 1) if size >= self.least else 1.0

    def unjudged(self) -> str:
        return "" if lexicon(*(self.languages or ("", ""))) else f"no lexicon for {' to '.join(self.languages or ())}"

    def in_language(self, target: str, source: str | None = None) -> Check:
        languages = [language_of(source or ""), language_of(target)]
        return self if self.languages else self.model_copy(update={"languages": languages})
