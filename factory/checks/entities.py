from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.entities import changed, entities


class Entities(Check):
    """How many things that have a name in every language were taken for another one: months, weekdays, currencies,
    countries, cities, compass directions, million and billion.

    One counts where the source names it and the translation does not, in no form that begins like its names, while the
    translation names another of its kind that the source does not. Names are CLDR's of both languages; of a language
    that it has none of, and of those it lacks, nothing is said. Limit: none. About 5 µs a pair.
    """

    version: ClassVar[int] = 4
    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0
    compares: ClassVar[bool] = True

    max: float = Field(0, ge=0)
    languages: list[str] | None = Field(None, min_length=2, max_length=2, description="default: those of the recipe")

    def measure(self, source: str | None, target: str) -> float:
        ours, theirs = map(entities, self.languages or ("en", "ar"))
        return float(len(changed(source or "", target, ours, theirs))) if ours and theirs else 0.0

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        ours, theirs = map(entities, self.languages or ("en", "ar"))
        if not ours or not theirs:
            return np.zeros(len(targets), dtype=bool)
        return ours.may_name(sources)

    def unjudged(self) -> str:
        unknown = [language for language in self.languages or () if not entities(language)]
        return f"CLDR has no names in {', '.join(unknown)}" if unknown else ""

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.languages else self.model_copy(update={"languages": [source or "en", target]})
