from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import EXPECTED, Check
from factory.text.column import Texts
from factory.text.language_table import expected_ratio

ACRONYM, WORD = 6, 7  # letters of an acronym at most, characters of a word


class LengthRatio(Check):
    """The shorter text's length over the longer one's, in characters: 1 where they are as long as expected.

    ``(short + slack) / (long + slack)``; `slack` keeps short texts from failing over a few characters. `expected` is
    how many characters of translation one character of source gives: a third in Chinese, 1.2 in Greek. An acronym may
    be written out.
    """

    version: ClassVar[int] = 5
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.4, ge=0, le=1)
    expected: float | None = Field(None, gt=0, description=EXPECTED)
    slack: float = Field(10, ge=0)

    def measure(self, source: str | None, target: str) -> float:
        before, after = _lengths((source or "").strip(), target.strip())
        wanted, found = before * (self.expected or 1.0) + self.slack, after + self.slack
        longer = wanted if wanted > found else found
        return (wanted + found - longer) / longer if longer else 1.0

    def counted(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        before, after = sources.stripped_lengths.copy(), targets.stripped_lengths.copy()
        for row in np.flatnonzero(np.minimum(before, after) <= ACRONYM).tolist():
            before[row], after[row] = _lengths(sources.stripped[row], targets.stripped[row])
        wanted, found = before * (self.expected or 1.0) + self.slack, after + self.slack
        longer = np.maximum(wanted, found)
        return np.divide(wanted + found - longer, longer, out=np.ones_like(longer), where=longer > 0)

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self.expecting(expected_ratio(source or "en", target))


def _lengths(source: str, target: str) -> tuple[int, int]:
    """Characters; an acronym may be written out, a word for each letter."""
    before, after = len(source), len(target)
    if _is_acronym(source):
        before = max(before, min(before * WORD, after))
    if _is_acronym(target):
        after = max(after, min(after * WORD, before))
    return before, after


def _is_acronym(text: str) -> bool:
    return 1 < len(text) <= ACRONYM and all(map(str.isupper, text))
