from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.counts import SYMBOL, WORD, class_counts, symbol_classes


class Symbols(Check):
    """Share of the characters (white space apart) that are neither letters nor digits, less the source's own share.

    Limit: 0.3, as LumiOpen filters its translated instructions. Counted for all texts in one go, about 1 µs a pair.
    """

    direction: ClassVar[Literal["min", "max"]] = "max"

    max: float = Field(0.3, ge=0, le=1)

    def score(self, source: str | None, target: str) -> float:
        return max(0.0, _shares([target])[0] - _shares([source or ""])[0])

    def scores(self, sources: Sequence[str | None], targets: Sequence[str]) -> list[float | Exception]:
        own, theirs = _shares(targets), _shares([source or "" for source in sources])
        return [max(0.0, one - other) for one, other in zip(own, theirs, strict=True)]


def _shares(texts: Sequence[str]) -> list[float]:
    import numpy as np

    counts = class_counts(texts, symbol_classes(), 3)
    symbols = counts[:, SYMBOL]
    return (symbols / np.maximum(symbols + counts[:, WORD], 1)).tolist()
