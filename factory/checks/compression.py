from __future__ import annotations

import zlib
from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check

SHORTEST = 200  # characters; shorter texts do not compress


class Compression(Check):
    """Size of the text after zlib (level 1) over its size before, at most 1; texts under 200 characters score 1.

    Texts that go round in circles compress far. The bytes are UTF-16, whose ratio for Arabic is near that of English
    in ASCII. Limit: 0.15; LumiOpen's 0.3 is for UTF-8 English. Ten joined sentences of FLORES-200 devtest score 0.34
    to 0.41 in English and 0.38 to 0.45 in Arabic, those of Tatoeba, which repeat each other, 0.25 to 0.51 and 0.26 to
    0.55. About 30 µs per 1,000 characters, so not among the defaults: `repetition` finds the same.
    """

    direction: ClassVar[Literal["min", "max"]] = "min"

    min: float = Field(0.15, ge=0, le=1)

    def measure(self, source: str | None, target: str) -> float:
        if len(target) < SHORTEST:
            return 1.0
        content = target.encode("utf-16-le", "surrogatepass")
        return min(1.0, len(zlib.compress(content, 1)) / len(content))
