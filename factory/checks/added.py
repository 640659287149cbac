from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import MARK, SPACE, Texts, mask

_SENTENCE = re.compile(r"(?<=[^\W\d_]{2})[.!?؟…]+[\"'”»’)\]*]*\s+(?=\S)")  # not after an initial, not after 1.
_LINE = re.compile(r"\S[^\n]*(?:\n|$)")
_SLACK = 5  # characters that a short translation may be longer


class Added(Check):
    """How little the translation has beyond its source: 1 where it has no more lines and sentences, or no more text.

    The geometric mean of (source / target) in lines or sentences, whichever is less, and in characters (of which
    `expected` are looked for per character of source), each at most 1; 1 where either is: a translator may cut a
    sentence in two, one who goes on by himself does both. 0.5 at most where all of it comes twice. Finds explanations,
    alternatives, a second translation below the first, the beginning of the next text. Limit: of FLORES-200 devtest 1
    of 1,012 pairs scores below it. Under 1 µs a short pair.
    """

    version: ClassVar[int] = 2
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.65, ge=0, le=1)
    expected: float = Field(0.95, gt=0, description="characters of translation for one of the source")

    def measure(self, source: str | None, target: str) -> float:
        source, target = (source or "").strip(), target.strip()
        length = (len(source) * self.expected + _SLACK) / (len(target) or 1)
        if not source or length >= 1:
            return 1.0
        units = min(
            (len(found(source)) + more) / (len(found(target)) + more)
            for found, more in ((_SENTENCE.findall, 1), (_LINE.findall, 0))
        )
        score = (units * length) ** 0.5 if units < 1 else 1.0
        return min(score, 0.5) if _twice(target) and not _twice(source) else score

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        before, after = sources.stripped_lengths, targets.stripped_lengths
        longer = after > (before * self.expected + _SLACK) * (1 - 1e-9)
        return longer & (targets.have("\n") | targets.follows(MARK | mask(".!?\"')]*"), SPACE))


def _twice(text: str) -> bool:
    words = text.split()
    half = len(words) // 2
    return half > 1 and words[:half] == words[half:]
