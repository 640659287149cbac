"""Inline code: runs of backticks paired as CommonMark pairs them, in linear time."""

from __future__ import annotations

import re

_RUN = re.compile("`+")


class CodeSpans:
    """A run of n backticks opens a span that the next run of exactly n closes, within one paragraph.

    >>> CodeSpans("``a ` b`` c").end(0)
    9
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._next: dict[int, tuple[int, int]] = {}  # start of a run -> start and end of the next one of its length
        last: dict[int, int] = {}
        for match in _RUN.finditer(text):
            start, end = match.span()
            if (length := end - start) in last:
                self._next[last[length]] = start, end
            last[length] = start

    def end(self, start: int, *, across_paragraphs: bool = False) -> int | None:
        """Where the span that the run at `start` opens ends; None if nothing closes it."""
        if (closing := self._next.get(start)) is None:
            return None
        if not across_paragraphs and self._text.find("\n\n", start, closing[0]) >= 0:
            return None
        return closing[1]


def code_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of every inline code span, with its backticks.

    >>> code_spans("use `a` or ``b`c``, not `this")
    [(4, 7), (11, 18)]
    """
    found: list[tuple[int, int]] = []
    if "`" not in text:
        return found
    spans, position = CodeSpans(text), 0
    while match := _RUN.search(text, position):
        position = match.end()
        if (end := spans.end(match.start())) is not None:
            found.append((match.start(), end))
            position = end
    return found
