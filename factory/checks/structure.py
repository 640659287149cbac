from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import CAPITAL, DIGIT, MARK, SMALL, WORD, Texts, mask
from factory.text.passages import views
from factory.text.structure import KINDS, PROSE_KINDS, overlap

_ANYTHING = re.compile(
    r"[`{}<>$\\|_/%]|~~~|^[ \t]*(?:[-*•+–#]|\d{1,3}[.)]|\(?[A-Za-z\u0620-\u064a][.)][ \t])|\(\)|[a-z][A-Z]|\w\.\w",
    re.MULTILINE,
)

# The characters without which `_ANYTHING` finds nothing, but for list markers at the starts of lines, (), aB and a.b.
_SIGNS = "`{}<>$\\|_/%~"
_MARKER_STARTS = DIGIT | MARK | mask("-*+# \t")


class Structure(Check):
    """How much of what must not be translated came over: code, names from code, placeholders, formulas, JSON keys,
    list markers, rows of tables.

    The worst overlap (Dice coefficient of the two multisets) among `kinds`; 1 where nothing is lost or added. Limit:
    one of twenty items may be lost. About 6 µs a pair of plain prose. Addresses and numbers have checks of their own.
    """

    version: ClassVar[int] = 4
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.95, ge=0, le=1)
    kinds: list[
        Literal["code", "inline_code", "placeholders", "math", "identifiers", "json_keys", "lists", "tables"]
    ] = Field(
        list(KINDS),  # type: ignore[arg-type]
        min_length=1,
    )

    def measure(self, source: str | None, target: str) -> float:
        if _ANYTHING.search(target) is None and (source is None or _ANYTHING.search(source) is None):
            return 1.0  # nothing that any kind looks for: most texts
        before, after = views(source or "", target)
        kinds = (
            [kind for kind in self.kinds if kind in PROSE_KINDS] if before.is_prose and after.is_prose else self.kinds
        )
        return min((overlap(KINDS[kind](before), KINDS[kind](after)) for kind in kinds), default=1.0)

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        found = sources.have(_SIGNS) | targets.have(_SIGNS)
        for texts in (sources, targets):
            first = texts.kinds.take(texts.starts) & _MARKER_STARTS
            found |= (first != 0) | texts.follows("\n", _MARKER_STARTS) | _choices(texts)
            found |= texts.follows("(", ")") | texts.follows(SMALL, CAPITAL) | _dotted(texts)
        return found


def _choices(texts: Texts) -> Any:
    """Which texts may have letters of choices at the starts of lines."""
    import numpy as np

    return texts.rows(np.flatnonzero(texts.at("\n \t(")[:-2] & texts.at(WORD)[1:-1] & texts.at(".)")[2:]))


def _dotted(texts: Texts) -> Any:
    import numpy as np

    word = texts.at(WORD)
    return texts.rows(np.flatnonzero(word[:-2] & texts.at(".")[1:-1] & word[2:]))
