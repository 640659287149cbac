from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.answering import Languages, answered, languages, may_be_answered
from factory.text.column import Texts
from factory.text.language_table import writes_question_marks


class Answered(Check):
    """How likely the translation answers its source in place of translating it; 0 for no sign.

    1: the source ends in a question mark, and the translation has neither one (of any script, in languages that write
    them) nor, in Arabic, an interrogative; nor is it a request ("Name two …", told by everyday imperatives of some
    thirty languages) or a sentence to be completed; or both name a choice as the answer, and not the same. 0.9: the
    last line names an answer ("Answer: B") of which the source knows nothing. 0.8: the source is a short instruction
    or question and the translation has at least twice as much text as expected, in more sentences or lines. 0.75: the
    source begins with an imperative ("List three …", not "List prices …") and the Arabic text has no verb of asking at
    its beginning. Limit: 0.7. About 2 µs a pair.
    """

    version: ClassVar[int] = 6
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0
    compares: ClassVar[bool] = True

    max: float = Field(0.7, ge=0, le=1)
    languages: list[str] | None = Field(None, min_length=2, max_length=2, description="default: those of the recipe")

    def measure(self, source: str | None, target: str) -> float:
        return answered(source or "", target, self._languages)

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        pairs = zip(sources.stripped, targets.stripped, strict=True)
        source = self._languages.source
        return np.fromiter((may_be_answered(*pair, source) for pair in pairs), bool, len(sources))

    def unjudged(self) -> str:
        target = self._languages.target
        return "" if writes_question_marks(target) else f"questions in {target} often have no mark"

    @property
    def _languages(self) -> Languages:
        return languages(*(self.languages or ("en", "en")))

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.languages else self.model_copy(update={"languages": [source or "en", target]})
