from __future__ import annotations

import re
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import BEYOND, CAPITAL, DIGIT, Texts, kinds, mask
from factory.text.personal import KINDS, personal_data

__all__ = ["Pii"]
PHONE_DIGITS = 8  # of the shortest number that is taken for a phone's
_DIGITS = re.compile(r"[0-9٠-٩]{2}|@")


class Pii(Check):
    """How many pieces of personal data the text has: e-mail and IP addresses, phone numbers, IBANs, payment cards.

    Cards must pass the Luhn test, IBANs their checksum (ISO 13616); addresses of documentation (example.com,
    192.0.2.0/24) and of private networks count as none. Limit: none. FLORES-200 devtest: 0 of 1,012, Tatoeba: 0 of
    17,283, in English and Arabic. Under 1 µs a text without digits. Not among the defaults.
    """

    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0

    max: float = Field(0, ge=0)
    kinds: list[Literal["email", "ip", "phone", "iban", "card"]] = Field(
        list(KINDS),  # type: ignore[arg-type]
        min_length=1,
    )

    def score(self, source: str | None, target: str) -> float:
        if _DIGITS.search(target) is None:
            return 0.0
        return float(sum(kind in self.kinds for kind, _ in personal_data(target)))

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        digits, dots = targets.counts(_counted())
        numbers = (digits >= PHONE_DIGITS) | ((digits >= 4) & (dots >= 3))  # phones and cards, IP addresses
        ibans = (digits >= 2) & targets.follows(CAPITAL, CAPITAL)
        return numbers | ibans | targets.have(mask("@") | BEYOND)


@cache
def _counted() -> Any:
    """The table of `Texts.counts` for digits and for full stops."""
    import numpy as np

    of = kinds()
    return ((of & np.uint64(DIGIT)) != 0).astype(np.int64) + ((of & np.uint64(mask("."))) != 0) * (1 << 32)
