"""A text and its translation, paragraph by paragraph."""

from __future__ import annotations

from collections.abc import Iterator

LENGTH = 200  # characters of a source's part, at least: what is shorter goes on with the next lines


def in_parts(source: str, target: str) -> list[tuple[str, str]]:
    """The lines of both, where they have equally many, put together into parts of some length; else both whole.

    >>> [len(part) for part, _ in in_parts("a" * 250 + "\\n" + "b" * 250, "c\\n\\nd")]
    [250, 250]
    >>> in_parts("One.\\nTwo.", "Eins.\\nZwei.")
    [('One.\\nTwo.', 'Eins.\\nZwei.')]
    """
    lines, others = _lines(source), _lines(target)
    if len(lines) != len(others) or len(lines) < 2:
        return [(source, target)]
    parts = list(_long_enough(lines, others))
    if len(parts) > 1 and len(parts[-1][0]) < LENGTH:  # what is left over belongs to the part before
        last, other = parts.pop()
        parts[-1] = f"{parts[-1][0]}\n{last}", f"{parts[-1][1]}\n{other}"
    return parts


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _long_enough(lines: list[str], others: list[str]) -> Iterator[tuple[str, str]]:
    start = size = 0
    for end, line in enumerate(lines, 1):
        size += len(line)
        if size >= LENGTH or end == len(lines):
            yield "\n".join(lines[start:end]), "\n".join(others[start:end])
            start, size = end, 0
