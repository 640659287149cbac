"""Tables in text: which lines are one, and where their cells are."""

from __future__ import annotations

import re
from collections.abc import Sequence

_RULE = re.compile(r"\s*+\|?\s*+:?-++:?\s*+(?:\|\s*+:?-++:?\s*+)*+\|?\s*$")
_SEPARATOR = re.compile(r"(?<!\\)\|")
_SPACED = re.compile(r"\s\|(?=\s)|\|\s")


def is_rule(line: str) -> bool:
    """Is it the line of dashes below the head of a table?"""
    return "|" in line and _RULE.match(line) is not None


def table_end(lines: Sequence[str], first: int) -> int:
    """The line after the table that begins at `first`; `first` itself if none does.

    A table has a rule as its second line, or at least two lines that begin and end with a pipe, or that have equally
    many pipes with space around them.
    """
    if "|" not in lines[first] or first + 1 == len(lines) or "|" not in lines[first + 1]:
        return first
    if is_rule(lines[first + 1]):
        end = first + 2
        while end < len(lines) and "|" in lines[end]:
            end += 1
        return end
    same = _framed if _framed(lines[first]) else _spaced_pipes
    count = same(lines[first])
    end = first + 1
    while count and end < len(lines) and same(lines[end]) == count:
        end += 1
    return end if end > first + 1 else first


def cells(line: str) -> list[tuple[int, int]]:
    """(start, end) of each cell's text in a row, without the space around it; none for a rule.

    >>> [("| a | b\\\\|c |")[start:end] for start, end in cells("| a | b\\\\|c |")]
    ['a', 'b\\\\|c']
    """
    if is_rule(line):
        return []
    found: list[tuple[int, int]] = []
    start = 0
    for end in [*(match.start() for match in _SEPARATOR.finditer(line)), len(line)]:
        cell = line[start:end]
        if stripped := cell.strip():
            left = start + len(cell) - len(cell.lstrip())
            found.append((left, left + len(stripped)))
        start = end + 1
    return found


def _framed(line: str) -> int:
    stripped = line.strip()
    return int(len(stripped) > 2 and stripped[0] == "|" and stripped[-1] == "|")


def _spaced_pipes(line: str) -> int:
    return len(_SPACED.findall(line))
