from __future__ import annotations

import re
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import EXPECTED, Check
from factory.text.column import Texts
from factory.text.language_table import expected_ratio, writes_stops
from factory.text.punctuation import INVISIBLE, a_class, quotation_marks, sentence_ends, text_ends

_BLANK = f" \t\r\n\u00a0{INVISIBLE}"
_CLOSERS = f"\"'”»’)]}}*_{_BLANK}"
# A text that ends with one of these waits for its next word. Particles that end a sentence now and then are left out.
_WAITING = re.compile(
    r"(?:^|\s)(?:و?في|و?من|و?إلى|و?الى|و?على|و?عن|أن|إن|بأن|لأن|التي|الذي|الذين|اللذين|حيث|بين|مع|عند|عبر|خلال"
    r"|أو|او|ثم|كما"
    r"|لكن|ولكن|ال|[وفب]ال|لل|إذا|عندما|بينما|مثل|كانت|يكون|تكون|قد|لم|لن|حتى|and|or|the|of|to|a|an|in|with|for)$"
)
_FENCES = ("```", "~~~")
LONG, MISSING = 60, 0.6
_SHORT = ((100, 0.82), (60, 0.65), (30, 0.55), (-1, 0.0))  # characters of a source, share of what is expected of them


class Unfinished(Check):
    """1 where the translation ends like its source, less where it seems cut off, 0 where it must be.

    If the source ends a sentence and the translation ends in a letter, a comma or an opening bracket: 0 after a
    comma, an opening bracket or a word that never ends a sentence (in, which, because); 0.25 where the translation's
    other sentences have their full stops (of a list, all other items, and the last one has under `MISSING` of what
    is expected of it), or it is short (under 0.55 of the characters expected for a source of over 30, 0.65 of one of
    over 60, 0.82 of one of over 100); else 0.75, a translator who writes none. A code fence that is opened or closed
    alone: 0. In languages that write no full stops length alone tells: 0.25 under `MISSING` of what is expected for a
    source of over `LONG` characters, else 1. Limit: 0.5. About 1 µs.
    """

    version: ClassVar[int] = 5
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.5, ge=0, le=1)
    expected: float | None = Field(None, gt=0, description=EXPECTED)
    language: str | None = Field(None, description="default: the recipe's target language")

    def measure(self, source: str | None, target: str) -> float:
        source, target = (text.rstrip(_BLANK) for text in (source or "", target))
        if not source or not target:
            return 1.0
        if any(target.count(fence) % 2 and source.count(fence) % 2 == 0 for fence in _FENCES):
            return 0.0
        last = target[-1]
        if not self._judges():
            return 0.25 if len(source) > LONG and len(target) < MISSING * (self.expected or 1.0) * len(source) else 1.0
        if last in text_ends() or source.rstrip(_CLOSERS)[-1:] not in sentence_ends():
            return 1.0
        if last in quotation_marks() and sum(map(target.count, quotation_marks())) % 2 == 0:
            return 1.0  # an opening mark elsewhere, a closing one in German
        if last in ",،([{«“-–ـ" or _WAITING.search(target[-20:]):
            return 0.0
        if last.isdigit():
            return 1.0
        if "\n" in target:  # a list whose items have no full stops, or whose last one is as long as its source's
            *others, end = filter(str.strip, target.split("\n"))
            whole = MISSING * (self.expected or 1.0) * len(source[source.rfind("\n") + 1 :]) <= len(end)
            return 0.25 if not whole and all(line.rstrip()[-1:] in text_ends() for line in others) else 0.75
        short = next(share for length, share in _SHORT if len(source) > length)
        cut = len(target) < short * (self.expected or 1.0) * len(source)
        return 0.25 if cut or _inside().search(target) else 0.75

    def unjudged(self) -> str:
        return (
            ""
            if self._judges()
            else f"translators into {self.language} often write no full stops: only length is judged"
        )

    def _judges(self) -> bool:
        return writes_stops(self.language or "en")

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        ends, stops = text_ends(), sentence_ends() | {*_CLOSERS}
        open_ends = (text[-1:] not in ends for text in targets.stripped)
        may_stop = (text[-1:] in stops for text in sources.stripped)
        found = np.fromiter(open_ends, bool, len(targets)) & np.fromiter(may_stop, bool, len(targets))
        if not self._judges():
            found = targets.lengths < MISSING * (self.expected or 1.0) * sources.lengths
        return found | targets.have("`~")

    def in_language(self, target: str, source: str | None = None) -> Check:
        expecting = self.expecting(expected_ratio(source or "en", target))
        return expecting.model_copy(update={"language": self.language or target})


@cache
def _inside() -> re.Pattern[str]:
    """The end of a sentence within a text."""
    wide = a_class(sentence_ends() - {*".!?…"})
    return re.compile(rf"[.!?]\s|[{wide}]\s*\S")
