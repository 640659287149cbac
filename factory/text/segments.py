"""A text in parts that are translated and parts that are not: joined, they are the text again, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from factory.text.passages import PROSE, Passage, divide, needs_translation
from factory.text.sentences import cut, lines_or_sentences

_BLANK_LINES = re.compile(r"((?<!\s)\s*\n[^\S\n]*\n\s*)")
_LETTER = re.compile(r"[^\W\d_]")


def has_letters(text: str) -> bool:
    """Is there anything in it that a translation could change?"""
    return _LETTER.search(text) is not None


def paragraphs(text: str) -> list[str]:
    """Paragraphs and the blank lines between them, in turn: joined, they are the text again.

    >>> paragraphs("a\\n\\nb")
    ['a', '\\n\\n', 'b']
    """
    return _BLANK_LINES.split(text)


def join(parts: Iterable[Passage]) -> str:
    return "".join(part.text for part in parts)


def split(text: str, max_characters: int | None = None, lines: bool = False) -> list[Passage]:
    """The parts of a text in order.

    A unit of prose is a paragraph, a list item, a heading, a quoted line or a table cell. With `lines` it is a line,
    except where a paragraph was wrapped at a column. Units longer than `max_characters` are cut between sentences.

    >>> split("1. Run it:\\n```\\nls\\n```")
    [Passage(text='1. ', kind='marker'), Passage(text='Run it:', kind='prose'), Passage(text='\\n', kind='space'), \
Passage(text='```\\nls\\n```', kind='code')]
    """
    parts = divide(text, lines)
    if max_characters is not None:
        parts = [piece for part in parts for piece in _sized(part, max_characters)]
    return parts


def smaller(unit: str) -> list[Passage]:
    """A unit that could not be translated whole: its lines, or the sentences of a single line.

    >>> [part.text for part in smaller("One. Two.") if part.translate]
    ['One.', 'Two.']
    """
    return [part for number, piece in enumerate(lines_or_sentences(unit)) for part in _piece(piece, number)]


def _sized(part: Passage, size: int) -> Iterator[Passage]:
    if not part.translate or len(part.text) <= size:
        yield part
        return
    for number, piece in enumerate(cut(part.text, size)):
        yield from _piece(piece, number)


def _piece(piece: str, number: int) -> Iterator[Passage]:
    if piece:
        yield Passage(piece, "space") if number % 2 else Passage(piece, PROSE if needs_translation(piece) else "text")
