from __future__ import annotations

import re
from collections import Counter
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import DIGIT, MARK, WORD, Texts, mask
from factory.text.language_table import writes_prefixes
from factory.text.passages import View, signs, views
from factory.text.structure import KINDS, PROSE_KINDS, overlap

# Of what is prose itself: tables, bold type and italics, list markers.
_LAID_OUT = re.compile(r"[|*]|^[ \t]*(?:[-•+–#]|\d{1,3}[.)]|\(?[A-Za-z\u0620-\u064a][.)][ \t])", re.MULTILINE)
_MARKER_STARTS = DIGIT | MARK | mask("-*+# \t")  # what a line that `_LAID_OUT` finds begins with, but for choices


class Structure(Check):
    """How much of what must not be translated came over: code, names from code, placeholders, formulas, JSON keys,
    list markers, rows of tables, bold type and italics.

    The worst overlap (Dice coefficient of the two multisets) among `kinds`; 1 where nothing is lost or added. Limit:
    one of twenty items may be lost. About 6 µs a pair of plain prose. Addresses and numbers have checks of their own.
    """

    version: ClassVar[int] = 7
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.95, ge=0, le=1)
    kinds: list[
        Literal[
            "code", "inline_code", "placeholders", "math", "identifiers", "json_keys", "lists", "tables", "emphasis"
        ]
    ] = Field(
        list(KINDS),  # type: ignore[arg-type]
        min_length=1,
    )
    source: str | None = Field(None, description="language of the source; default: the recipe's")

    def measure(self, source: str | None, target: str) -> float:
        before, after = views(source or "", target)
        kinds = self.kinds
        if before.is_prose and after.is_prose:
            if not _LAID_OUT.search(target) and not _LAID_OUT.search(source or ""):
                return 1.0  # nothing that any kind looks for: most texts
            kinds = [kind for kind in kinds if kind in PROSE_KINDS]
        return min((self._overlap(kind, before, after) for kind in kinds), default=1.0)

    def _overlap(self, kind: str, source: View, target: View) -> float:
        before, after = KINDS[kind](source), KINDS[kind](target)
        if kind == "identifiers" and before != after:
            before, after = self._without_prefixed(before, after)
        return overlap(before, after)

    def _without_prefixed(self, before: Counter[str], after: Counter[str]) -> tuple[Counter[str], Counter[str]]:
        """Without words like kwaseMelika: a name with a prefix, as Bantu languages write it. In a translation any
        word of this form that is new, in the source where its language writes so."""
        new = {word for word in after - before if word.isalpha()}
        old = (
            {word for word in before - after if word.isalpha()} if self.source and writes_prefixes(self.source) else ()
        )
        return (
            Counter({word: n for word, n in before.items() if word not in old}),
            Counter({word: n for word, n in after.items() if word not in new}),
        )

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.source else self.model_copy(update={"source": source})

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        found = sources.have("|*") | targets.have("|*")
        for texts in (sources, targets):
            dots = texts.places(".)")
            choices = dots[texts.beside(dots, -1, WORD) & texts.beside(dots, -2, "\n \t(")]
            found |= texts.begin_with(_MARKER_STARTS) | texts.follows("\n", _MARKER_STARTS)
            found |= texts.rows(choices) | signs(texts)
        return found
