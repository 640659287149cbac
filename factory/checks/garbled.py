from __future__ import annotations

import re
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import ARABIC, Texts, mask
from factory.text.language_table import is_arabic
from factory.text.legibility import may_be_spoiled, spoiled
from factory.text.scripts import PLANE

LONGEST_WORD = 20  # letters; the longest words of Arabic, with all that is written onto them, have some 17
SPACED = 8  # letters one after the other with white space between them
_LETTER = "[\u0620-\u064a]"
_SIGNS = re.compile(
    "[\ufffd\ufffe\uffff\ud800-\udfff\ue000-\uf8ff\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]"
    r"|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|&#x?[0-9A-Fa-f]{2,6};"
)
_ARABIC_SIGNS = re.compile(
    rf"{_SIGNS.pattern}|{_LETTER}{{{LONGEST_WORD},}}"
    rf"|(?<!\S){_LETTER}(?:\s+{_LETTER}){{{SPACED - 1},}}(?!\S)"
    rf"|(?<!\S)[ةى]{_LETTER}"
)


class Garbled(Check):
    """How many places of the translation cannot be read: replacement and control characters, letters written as
    ``\\u0627`` or ``&#1575;``; of Arabic also words run together, letters set apart, and words written backwards
    (which begin with letters that only end words); and what `factory.text.legibility` finds: unseen characters within
    words, letters lost to question marks, stretched, or decoded wrongly. What the source has too is left out.

    Limit: none. FLORES-200 devtest and Tatoeba: FIGURE. Under 1 µs a text.
    """

    version: ClassVar[int] = 3
    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0

    max: float = Field(0, ge=0)
    language: str | None = Field(None, description="default: the recipe's target language")

    def measure(self, source: str | None, target: str) -> float:
        known, language = source or "", self.language or "ar"
        signs = _ARABIC_SIGNS if is_arabic(language) else _SIGNS
        return float(sum(found not in known for found in signs.findall(target)) + spoiled(known, target, language))

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.language else self.model_copy(update={"language": target})

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        found = targets.rows(np.flatnonzero(_unreadable().take(targets.points)))
        found |= (
            may_be_spoiled(targets, self.language or "ar")
            | targets.have(mask("\\"))
            | (targets.have(mask("&")) & targets.have(mask("#")))
        )
        if targets.joined.count("\0") > len(targets):
            found |= np.fromiter(("\0" in text for text in targets), bool, len(targets))
        if not is_arabic(self.language or "ar"):
            return found
        arabic = targets.at(ARABIC)
        edges = np.flatnonzero(np.diff(arabic.astype(np.int8), prepend=0, append=0))
        begins, sizes = edges[::2], edges[1::2] - edges[::2]
        backwards = ((targets.codes[begins] == ord("ة")) | (targets.codes[begins] == ord("ى"))) & (sizes > 1)
        found |= targets.rows(begins[backwards | (sizes >= LONGEST_WORD)])
        alone = np.searchsorted(targets.starts, begins[sizes == 1], side="right") - 1
        return found | (np.bincount(alone, minlength=len(targets)) >= SPACED)


@cache
def _unreadable() -> Any:
    """Which code points of the first plane `_SIGNS` finds alone; those beyond it, taken for the last, may be one."""
    import numpy as np

    table = np.zeros(PLANE, dtype=bool)
    table[[sign.start() for sign in _SIGNS.finditer("".join(map(chr, range(PLANE))))]] = True
    table[0] = False
    return table
