from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.alignment import lost
from factory.text.column import MARK, Texts, mask

# Between sentences on one line. Initials and titles (U.S., Dr.) have no two small letters or digits before their dot.
# Both begin with a plain set of characters, which `re` looks for much faster than for anything else.
_SOURCE = re.compile(
    r"[.!?…。！？](?:(?<=[a-z0-9)%][a-z0-9)%'\"”’][.!?…])|(?<=[?!。！？]))"
    r"(?:(?<=[a-z0-9)%][a-z0-9)%'\"”’])[.!?…]|[?!。！？])*[\"'”»’)\]*]*[ \t]+(?=[^\sa-z])"
)
_TARGET = re.compile(r"[.!?؟…。！？:؛][.!?؟…。！？:؛]*[\"'”»’)\]*]*[ \t]+(?=\S)")
_BEFORE_SPACE = MARK | mask(".!?\"')]*")  # what _SOURCE can have before its white space
_LINE = re.compile(r"\S[^\n]*(?:\n|$)")


class Dropped(Check):
    """How complete the translation is: 1 where it has as many lines as the source, and as many sentences or as much
    text.

    The smallest of three scores. Lines that are not blank: (target + 0.5) / (source + 0.5), at most 1. Lines that have
    no counterpart where lines are put beside each other by their lengths (Gale and Church, 1993): 1 / (1 + lost).
    Sentences of a source that has several: the geometric mean of (target / source) in sentences and in characters (of
    which `expected` are looked for per character of source), each at most 1; 1 where no characters are missing: a
    translator may join sentences, one who drops a passage loses both. Limit: 1 of 1,012 pairs of FLORES-200 devtest
    scores below it. About 1 µs a short pair.
    """

    version: ClassVar[int] = 3
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.65, ge=0, le=1)
    expected: float = Field(0.8, gt=0, description="characters of translation for one of the source")

    def measure(self, source: str | None, target: str) -> float:
        source, target = (source or "").strip(), target.strip()
        worst = 1.0
        if "\n" in source:
            before, after = ([*map(len, _LINE.findall(text))] for text in (source, target))
            if len(after) < len(before):
                worst = min((len(after) + 0.5) / (len(before) + 0.5), 1 / (1 + lost(before, after, self.expected)))
        # Whatever was joined, nothing is missing from a text of full length.
        length = len(target) / (len(source) * self.expected) if len(source) > 40 else 1.0
        if length < 1 and (before := len(_SOURCE.findall(source)) + 1) > 1:
            after = len(_TARGET.findall(target)) + 1
            worst = min(worst, (min(1.0, after / before) * length) ** 0.5)
        return worst

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        before, after = sources.stripped_lengths, targets.stripped_lengths
        short = (before > 40) & (after < before * self.expected * (1 + 1e-9))
        return sources.have("\n") | (short & sources.follows(_BEFORE_SPACE, " \t"))
