from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.structure import emails, overlap, urls


class Urls(Check):
    """Dice coefficient of the URLs and e-mail addresses of both texts; 1 where they are the same or there are none.

    Idea: OpusCleaner's url_mismatch. Limit: an address is never translated, one of five may be left out. Under 1 µs
    a pair without addresses.
    """

    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.85, ge=0, le=1)

    def score(self, source: str | None, target: str) -> float:
        worst = 1.0
        for find in (urls, emails):
            before, after = find(source or ""), find(target)
            if before is not after and before != after:
                worst = min(worst, overlap(before, after))
        return worst

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        found = sources.have("@") | targets.have("@")
        for texts in (sources, targets):
            found |= texts.containing("://") | texts.containing("www.")
        return found
