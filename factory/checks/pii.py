from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import BEYOND, CAPITAL, DIGIT, Texts, mask
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

    def measure(self, source: str | None, target: str) -> float:
        if _DIGITS.search(target) is None:
            return 0.0
        return float(sum(kind in self.kinds for kind, _ in personal_data(target)))

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        digit = targets.at(DIGIT)
        places = np.flatnonzero(digit)
        # Digits of phones and cards have at most three characters between them, those of addresses a single dot.
        close = places[PHONE_DIGITS - 1 :] - places[: 1 - PHONE_DIGITS] < 1 + 4 * (PHONE_DIGITS - 1)
        dots = np.flatnonzero(digit[:-2] & targets.at(".")[1:-1] & digit[2:])
        chained = dots[2:] - dots[:-2] <= 8
        capital = targets.at(CAPITAL)
        begins = np.flatnonzero(capital[:-3] & capital[1:-2] & digit[2:-1] & digit[3:])
        found = targets.have(mask("@") | BEYOND)
        for rows in (places[: 1 - PHONE_DIGITS][close], dots[:-2][chained], begins):
            found |= targets.rows(rows)
        return found
