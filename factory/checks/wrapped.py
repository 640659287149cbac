from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.scripts import scripts_of

_CLOSE = {'"': '"', "'": "'", "«": "»", "“": "”", "‘": "’", "(": ")", "[": "]", "{": "}", "`": "`", "*": "*", "<": ">"}
_OPENING = frozenset(_CLOSE)
_EDGES = frozenset([*_CLOSE, *_CLOSE.values(), *"「」『』《》（）„‚‹›", "_", ">", "|", "#", "$", "\\"])
_QUOTES = frozenset("\"'«»“”‘’")
_STOPS = ".!?؟،,: \t\n"


class Wrapped(Check):
    """1 where the whole translation stands in quotation marks, brackets, bold type, code, JSON or a tag, begins as a
    quoted line, or ends in a quotation mark that nothing opened, while its source does nothing of the kind.

    A source that begins or ends with any such character excuses it. In Hebrew letters the straight quotation mark is
    a letter's mark as well (in abbreviations) and is not looked at. Limit: none. Under 1 µs a pair.
    """

    version: ClassVar[int] = 2
    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0
    compares: ClassVar[bool] = True

    max: float = Field(0, ge=0, le=1)
    language: str | None = Field(None, description="default: the recipe's target language")

    def measure(self, source: str | None, target: str) -> float:
        text, source = target.strip(), (source or "").strip()
        if len(text) < 2 or not source or source[0] in _EDGES or source.rstrip(_STOPS)[-1:] in _EDGES:
            return 0.0
        if "Hebr" in scripts_of(self.language or "en"):
            text = text.replace('"', "״")
        first, last = text[0], (text.rstrip(_STOPS) or text)[-1]
        if first == ">" and text[1].isspace():
            return 1.0
        if first in _OPENING and last == _CLOSE[first]:
            inside = text[1 : text.rindex(last)].strip(first)
            return 0.0 if last in inside and first in _QUOTES else 1.0
        return float(last in '"”»' and not _QUOTES & {*source} and not _QUOTES & {*text[: text.rindex(last)]})

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        ends = (text[:1] in _EDGES or text.rstrip(_STOPS)[-1:] in _EDGES for text in targets.stripped)
        return np.fromiter(ends, bool, len(targets))

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.language else self.model_copy(update={"language": target})
