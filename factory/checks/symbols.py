from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.counts import symbol_counts


class Symbols(Check):
    """Share of the characters (white space apart) that are neither letters nor digits nor read as words (%, $), less
    the source's own share.

    Limit: 0.3, as LumiOpen filters its translated instructions. Counted for all texts in one go, about 1 µs a pair.
    """

    version: ClassVar[int] = 5
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "max"

    max: float = Field(0.3, ge=0, le=1)

    def measure(self, source: str | None, target: str) -> float:
        return max(0.0, (_shares(Texts([target])) - _shares(Texts([source])))[0].item())

    def counted(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        return np.maximum(_shares(targets) - _shares(sources), 0.0)


def _shares(texts: Texts) -> Any:
    import numpy as np

    symbols, all_three = texts.counts(symbol_counts())
    return symbols / np.maximum(all_three, 1)
