from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.passages import view

_ASKS = re.compile(
    r"\b(?:python|java|javascript|typescript|c\+\+|c#|golang|rust|php|ruby|sql|html|css|bash|matlab|kotlin"
    r"|swift)\b[^.\n]{0,40}"
    r"\b(?:function|program|script|code|class|method|query|snippet|algorithm|app|page|table)\b"
    r"|\b(?:function|program|script|code|class|method|query|snippet)\b[^.\n]{0,40}"
    r"\b(?:python|java|javascript|typescript|c\+\+|c#|golang|rust|php|ruby|sql|html|css|bash|matlab|kotlin|swift)\b"
    r"|\b(?:write|create|implement|debug|fix|refactor|optimi[sz]e)\b[^.\n]{0,30}\b(?:function|code|algorithm"
    r"|regex|sql query|api|script)\b",
    re.IGNORECASE,
)


class Code(Check):
    """Is the row about programming? 1 for a block of code in either text, 0.8 for a request to write some, 0 for none.

    Hala drops code-related samples from Hermes-3 before translation; its rule is not published, this one is assumed.
    Not among the defaults: a corpus for a coding model wants these rows. Limit: 0.5. About 5 µs a pair.
    """

    version: ClassVar[int] = 3
    direction: ClassVar[Literal["min", "max"]] = "max"

    max: float = Field(0.5, ge=0, le=1)

    def measure(self, source: str | None, target: str) -> float:
        for text in (source or "", target):
            if any(block.kind == "code" for block in view(text).blocks):
                return 1.0
        return 0.8 if _ASKS.search(source if source is not None else target) else 0.0
