from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.passages import views
from factory.text.structure import emails, overlap, urls


class Urls(Check):
    """Dice coefficient of the URLs and e-mail addresses of both texts; 1 where they are the same or there are none.

    Idea: OpusCleaner's url_mismatch. Limit: an address is never translated, one of five may be left out. Under 1 µs
    a pair without addresses.
    """

    version: ClassVar[int] = 3
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.85, ge=0, le=1)

    def measure(self, source: str | None, target: str) -> float:
        before, after = views(source or "", target)
        return min(overlap(find(before), find(after)) for find in (urls, emails))

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        found = sources.have("@") | targets.have("@")
        for texts in (sources, targets):
            found |= texts.containing("://") | texts.containing("www.")
        return found
