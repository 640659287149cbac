"""Runs of backticks and tildes that may open or close fenced code."""

from __future__ import annotations

import re
from typing import NamedTuple

_RUN = re.compile(r"`{3,}|~{3,}")
_BEFORE_FENCE = re.compile(r"[ \t>]*+(?:(?:[-*+•]|\d{1,3}[.)])[ \t]++)?")
_INFO = re.compile(r"[ \t]*+[\w+#.-]*+[ \t\r]*+")


class Fence(NamedTuple):
    """A run of three or more backticks or tildes: what stands around it decides what it can do."""

    start: int
    end: int
    mark: str
    size: int
    first: bool  # nothing before it in its line but indentation, quote and list markers
    opens: bool
    closes: bool
    ends_line: bool  # the line's only run, at its end, after code
    info: str


def fences(text: str) -> list[Fence]:
    """All of them in order."""
    found: list[Fence] = []
    line_start = line_end = first_run = -1
    runs = list(_RUN.finditer(text))
    for number, match in enumerate(runs):
        start, end = match.span()
        if start > line_end or line_start < 0:
            line_start = text.rfind("\n", max(line_end, 0), start) + 1 or max(line_start, 0)
            line_end = text.find("\n", start)
            line_end = len(text) if line_end < 0 else line_end
            first_run = start
        before = _BEFORE_FENCE.match(text, line_start, start) if first_run == start else None
        first = before is not None and before.end() == start
        last = number + 1 == len(runs) or runs[number + 1].start() >= line_end
        info = _INFO.match(text, end, line_end)
        plain_info = info is not None and info.end() == line_end
        rest = text[end : min(line_end, end + 200)].strip()
        mark = match[0][0]
        found.append(
            Fence(
                start,
                end,
                mark,
                end - start,
                first,
                opens=last and (plain_info or (first and "`" not in rest)) and (first or mark == "`"),
                closes=first and not rest,
                ends_line=not first and not rest and first_run == start,
                info=rest.lower() if plain_info else "",
            )
        )
    return found
