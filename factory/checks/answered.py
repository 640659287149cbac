from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.answering import answered, may_be_answered
from factory.text.column import Texts


class Answered(Check):
    """How likely the translation answers its source in place of translating it; 0 for no sign.

    1: the source ends in a question mark, and the translation has neither one nor an interrogative. 0.9: the last line
    names an answer ("Answer: B") of which the source knows nothing. 0.8: the source is a short instruction or question
    and the translation has at least twice as much text as expected, in more sentences or lines. 0.75: the source
    begins with an imperative ("List …") and the Arabic text has no verb of asking at its beginning. Limit: 0.7. About
    2 µs a pair.
    """

    version: ClassVar[int] = 3
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0
    compares: ClassVar[bool] = True

    max: float = Field(0.7, ge=0, le=1)
    language: str | None = Field(None, description="default: the recipe's target language")

    def measure(self, source: str | None, target: str) -> float:
        return answered(source or "", target, self.language or "en")

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        return np.fromiter(map(may_be_answered, sources.stripped, targets.stripped), bool, len(sources))

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.language else self.model_copy(update={"language": target})
