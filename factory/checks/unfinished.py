from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts

_ENDS = frozenset(".!?؟…。！？।॥۔։።:;؛)]}\"'”»’*`>|$")
_CLOSERS = "\"'”»’)]}*_ \t\n\u200e\u200f"
_FULL_STOPS = tuple(".!?؟…")
_MAY_STOP = frozenset([*_CLOSERS, *_FULL_STOPS])  # the last character of a source that may end with a full stop
# A text that ends with one of these waits for its next word. Particles that end a sentence now and then are left out.
_WAITING = re.compile(
    r"(?:^|\s)(?:و?في|و?من|و?إلى|و?الى|و?على|و?عن|أن|إن|بأن|لأن|التي|الذي|الذين|اللذين|حيث|بين|مع|عند|عبر|خلال"
    r"|أو|او|ثم|كما"
    r"|لكن|ولكن|ال|[وفب]ال|لل|إذا|عندما|بينما|مثل|كانت|يكون|تكون|قد|لم|لن|حتى|and|or|the|of|to|a|an|in|with|for)$"
)
_SHORT = ((100, 0.75), (60, 0.6), (30, 0.5), (-1, 0.0))  # characters of a source, share of them in the translation
_INSIDE = re.compile(r"[.!?؟]\s")


class Unfinished(Check):
    """1 where the translation ends like its source, less where it seems cut off, 0 where it must be.

    If the source ends a sentence and the translation ends in a letter, a comma or an opening bracket: 0 after a
    comma, an opening bracket or a word that never ends a sentence (in, which, because); 0.25 where the translation's
    other sentences have their full stops, or it is short (under half as many characters as a source of over 30, 0.6
    of one of over 60, 0.75 of one of over 100); else 0.75, a translator who writes none. An unclosed code fence that
    the source closes: 0. Limit: 0.5. Of 985 FLORES-200 sentences that end in a full stop none scores below it. About
    1 µs.
    """

    version: ClassVar[int] = 3
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.5, ge=0, le=1)

    def measure(self, source: str | None, target: str) -> float:
        source, target = (source or "").rstrip(), target.rstrip()
        if not source or not target:
            return 1.0
        if "```" in source and target.count("```") % 2 and source.count("```") % 2 == 0:
            return 0.0
        last = target[-1]
        if last in _ENDS or not source.rstrip(_CLOSERS).endswith(_FULL_STOPS):
            return 1.0
        if last in ",،([{«“-–ـ" or _WAITING.search(target[-20:]):
            return 0.0
        if last.isdigit():
            return 1.0
        if "\n" in target:  # a list whose items have no full stops
            return (
                0.25 if all(line.rstrip()[-1:] in _ENDS for line in target.split("\n")[:-1] if line.strip()) else 0.75
            )
        short = next(share for length, share in _SHORT if len(source) > length)
        return 0.25 if _INSIDE.search(target) or len(target) < short * len(source) else 0.75

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        open_ends = (text[-1:] not in _ENDS for text in targets.stripped)
        may_stop = (text[-1:] in _MAY_STOP for text in sources.stripped)
        found = np.fromiter(open_ends, bool, len(targets)) & np.fromiter(may_stop, bool, len(targets))
        return found | sources.containing("```")
