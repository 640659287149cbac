"""Where a text may be cut into smaller units: lines, sentences, clauses, words; never inside what must survive."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from factory.text.inline import Span, inline_spans

_LINES = re.compile(r"(?<!\s)\s*\n\s*")
_SENTENCES = re.compile(r"(?<=[.!?…؟。！？])[\"'”’»)\]*_]{0,4}(\s+)(?=[^\s])|(?<=[。！？])()(?=[^\s\"'”’»)\]])")
_CLAUSES = re.compile(r"(?<=[,;:،؛、，；–—])\s+")
_WORDS = re.compile(r"\s+")
_ABBREVIATED = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|cf|al|Fig|No|Vol|pp?|ed|Inc|Ltd|Co|Corp|approx|dept|e\.g|i\.e|a\.m|p\.m|U\.S|U\.K|Ph\.D)"
    r"|\b[A-Z]|^\s*\d{1,3})\.$",
    re.IGNORECASE,
)

Gap = tuple[int, int]


def sentence_gaps(text: str) -> list[Gap]:
    """(start, end) of the white space between sentences.

    >>> sentence_gaps("Ask Dr. Who. He knows!  Really?")
    [(12, 13), (22, 24)]
    """
    return _outside(text, [gap for gap in _gaps(_SENTENCES, text) if not _abbreviated(text, gap[0])])


def cut(text: str, max_characters: int) -> list[str]:
    """The text in pieces of at most `max_characters`, cut where it hurts least; every other piece is white space.

    Lines are kept together where they fit, then sentences, then clauses, then words; a word, a formula or an address
    that is longer stays whole.

    >>> cut("One. Two is longer. Three.", 14)
    ['One.', ' ', 'Two is longer.', ' ', 'Three.']
    """
    if len(text) <= max_characters:
        return [text]
    protected = inline_spans(text)
    return _cut(text, 0, len(text), max_characters, protected, 0)


def lines_or_sentences(text: str) -> list[str]:
    """Each line, or each sentence of a single line, alone, with the white space between them in turn.

    >>> lines_or_sentences("One. Two.")
    ['One.', ' ', 'Two.']
    """
    gaps = _outside(text, _gaps(_LINES, text)) or sentence_gaps(text)
    return _alternate(text, 0, len(text), gaps)


_LEVELS = (_LINES, _SENTENCES, _CLAUSES, _WORDS)


def _cut(text: str, start: int, end: int, size: int, protected: Sequence[Span], level: int) -> list[str]:
    if end - start <= size or level == len(_LEVELS):
        return [text[start:end]]
    gaps = [gap for gap in _gaps(_LEVELS[level], text, start, end) if start < gap[0] and gap[1] < end]
    if level == 1:
        gaps = [gap for gap in gaps if not _abbreviated(text, gap[0])]
    gaps = _outside(text, gaps, protected)
    pieces: list[str] = []
    first = start
    for number, (gap_start, gap_end) in enumerate(gaps):
        following = gaps[number + 1][0] if number + 1 < len(gaps) else end
        if following - first > size:
            pieces += *_cut(text, first, gap_start, size, protected, level + 1), text[gap_start:gap_end]
            first = gap_end
    return pieces + _cut(text, first, end, size, protected, level + 1)


def _gaps(pattern: re.Pattern[str], text: str, start: int = 0, end: int | None = None) -> list[Gap]:
    group = 1 if pattern.groups else 0
    found: list[Gap] = []
    for match in pattern.finditer(text, start, len(text) if end is None else end):
        found.append(match.span(group) if match.start(group) >= 0 else (match.end(), match.end()))
    return found


def _abbreviated(text: str, end: int) -> bool:
    return _ABBREVIATED.search(text[max(0, end - 12) : end]) is not None


def _outside(text: str, gaps: list[Gap], protected: Sequence[Span] | None = None) -> list[Gap]:
    spans = inline_spans(text) if protected is None and gaps else protected or ()
    if not spans:
        return gaps
    ends = [span.end for span in spans]

    def free(gap: Gap) -> bool:
        index = bisect_left(ends, gap[0] + 1)
        return index == len(spans) or spans[index].start >= gap[1]

    return [gap for gap in gaps if free(gap)]


def _alternate(text: str, start: int, end: int, gaps: list[Gap]) -> list[str]:
    pieces: list[str] = []
    for gap_start, gap_end in gaps:
        if start < gap_start and gap_end < end:
            pieces += text[start:gap_start], text[gap_start:gap_end]
            start = gap_end
    return [*pieces, text[start:end]]
