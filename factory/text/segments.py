"""A text in parts that are translated and parts that are not: joined, they are the text again, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from factory.text.blocks import find_blocks
from factory.text.code_lines import code_runs, is_code
from factory.text.inline import is_equation
from factory.text.masks import needs_translation
from factory.text.sentences import cut, lines_or_sentences
from factory.text.tables import cells, table_end

_BLANK_LINES = re.compile(r"((?<!\s)\s*\n[^\S\n]*\n\s*)")
_LETTER = re.compile(r"[^\W\d_]")
_PREFIX = re.compile(
    r"[ \t]*+(?:>[ \t]*+)*+"
    r"((?:(?:[-*•+–—◦▪‣·●○]|\(?\d{1,3}[.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?|\(?[A-Za-z][.)]|\(?(?:[ivx]{2,5}|[IVX]{2,5})[.)]|#{1,6}"
    r"|\*\*\d{1,3}[.)]\*\*)[ \t]++){0,2}(?:\[[ xX]\][ \t]++)?)"
)
_GAP = re.compile(r"(?<=[^\s])(?:[ ]*\t[ \t]*| {3,}+)(?=[^\s])")
_ENDS_SENTENCE = re.compile(r"[.!?:;…؟。*|>]\W*$")
_PLAIN = re.compile(r"[A-Z\"'“][^\n\t`$\\<|{\[~=#;>]*+\Z")
_WRAPPED_FROM = 50  # a line this long that ends in the middle of a sentence goes on in the next line

PROSE = "prose"


class Part(NamedTuple):
    """A piece of a text. Only ``prose`` is translated; else the kind says why it stays: code, math, json, html, token,
    marker (of lists, headings, quotes), table (pipes and rules), space, or text (nothing in it to translate)."""

    text: str
    kind: str = PROSE

    @property
    def translate(self) -> bool:
        return self.kind == PROSE


def has_letters(text: str) -> bool:
    """Is there anything in it that a translation could change?"""
    return _LETTER.search(text) is not None


def paragraphs(text: str) -> list[str]:
    """Paragraphs and the blank lines between them, in turn: joined, they are the text again.

    >>> paragraphs("a\\n\\nb")
    ['a', '\\n\\n', 'b']
    """
    return _BLANK_LINES.split(text)


def join(parts: Iterable[Part]) -> str:
    return "".join(part.text for part in parts)


def split(text: str, max_characters: int | None = None, lines: bool = False) -> list[Part]:
    """The parts of a text in order.

    A unit of prose is a paragraph, a list item, a heading, a quoted line or a table cell. With `lines` it is a line,
    except where a paragraph was wrapped at a column. Units longer than `max_characters` are cut between sentences.

    >>> split("1. Run it:\\n```\\nls\\n```")
    [Part(text='1. ', kind='marker'), Part(text='Run it:', kind='prose'), Part(text='\\n', kind='space'), \
Part(text='```\\nls\\n```', kind='code')]
    """
    if not text:
        return []
    if _PLAIN.match(text) and not _PREFIX.match(text)[1] and not is_code(text):  # type: ignore[index]
        parts = list(_prose(text))
    else:
        parts = list(_merged(_parts(text, lines)))
    if max_characters is not None:
        parts = [piece for part in parts for piece in _sized(part, max_characters)]
    return parts


def smaller(unit: str) -> list[Part]:
    """A unit that could not be translated whole: its lines, or the sentences of a single line.

    >>> [part.text for part in smaller("One. Two.") if part.translate]
    ['One.', 'Two.']
    """
    return [part for number, piece in enumerate(lines_or_sentences(unit)) for part in _piece(piece, number)]


def _sized(part: Part, size: int) -> Iterator[Part]:
    if not part.translate or len(part.text) <= size:
        yield part
        return
    for number, piece in enumerate(cut(part.text, size)):
        yield from _piece(piece, number)


def _piece(piece: str, number: int) -> Iterator[Part]:
    if piece:
        yield Part(piece, "space") if number % 2 else Part(piece, PROSE if needs_translation(piece) else "text")


def _merged(parts: Iterable[Part]) -> Iterator[Part]:
    """Neighbours of one kind as one part, but for units."""
    for kind, group in groupby(parts, key=lambda part: part.kind):
        if kind == PROSE:
            yield from group
        else:
            yield Part("".join(part.text for part in group), kind)


def _parts(text: str, by_line: bool) -> Iterator[Part]:
    position = 0
    for block in find_blocks(text):
        if position < block.start:
            yield from _region(text[position : block.start], position == 0 or text[position - 1] == "\n", by_line)
        yield Part(text[block.start : block.end], block.kind)
        position = block.end
    if position < len(text):
        yield from _region(text[position:], position == 0 or text[position - 1] == "\n", by_line)


def _region(text: str, starts_line: bool, by_line: bool) -> Iterator[Part]:
    """Text without blocks, line by line."""
    lines = text.splitlines(keepends=True) if "\n" in text else [text]
    if len(lines) != text.count("\n") + (not text.endswith("\n")):  # other line ends are text like any other
        lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    runs = code_runs(lines, starts_line)
    unit: list[str] = []  # lines of the unit in hand
    open_end = False  # may an unmarked line that follows belong to it?
    i = 0
    while i < len(lines):
        line = lines[i]
        end = runs.get(i, i)
        kind = "code"
        if end == i and "|" in line:
            end, kind = table_end(lines, i), "table"
        if end > i:
            yield from _prose("".join(unit))
            unit = []
            for row in lines[i:end]:
                yield from _row(row) if kind == "table" else (Part(row, "code"),)
            i = end
            continue
        i += 1
        prefix = _PREFIX.match(line)
        marked = prefix.end() if prefix and prefix[1] else 0
        if not has_letters(line):
            yield from _prose("".join(unit))
            unit = []
            yield Part(line, "text" if line.strip() else "space")
        elif is_equation(line):
            yield from _prose("".join(unit))
            unit = []
            yield Part(line, "math")
        elif unit and not marked and _goes_on(unit[-1], line, open_end and not by_line):
            unit.append(line)
        else:
            yield from _prose("".join(unit))
            skip = prefix.end() if prefix else 0
            if skip:
                yield Part(line[:skip], "marker" if line[:skip].strip() else "space")
            unit, open_end = [line[skip:]], not marked and (not skip or line[:skip].isspace())
    yield from _prose("".join(unit))


def _goes_on(previous: str, line: str, same_paragraph: bool) -> bool:
    """Does `line` belong to the unit whose last line is `previous`?"""
    if same_paragraph and not line[0].isspace():
        return not line.startswith(">")
    content = line.lstrip()
    return (
        len(previous) >= _WRAPPED_FROM and content[:1].islower() and not _ENDS_SENTENCE.search(previous[-20:].rstrip())
    )


def _prose(text: str) -> Iterator[Part]:
    """A unit and the white space around it; columns apart."""
    if not text:
        return
    stripped = text.strip()
    if not stripped:
        yield Part(text, "space")
        return
    start = text.index(stripped[0]) if not text[0].isspace() else len(text) - len(text.lstrip())
    end = start + len(stripped)
    if start:
        yield Part(text[:start], "space")
    if "\t" in stripped or "   " in stripped:
        position = start
        for gap in _GAP.finditer(text, start, end):
            yield _unit(text[position : gap.start()])
            yield Part(gap[0], "space")
            position = gap.end()
        yield _unit(text[position:end])
    else:
        yield _unit(stripped)
    if end < len(text):
        yield Part(text[end:], "space")


def _unit(text: str) -> Part:
    return Part(text, PROSE if needs_translation(text) else "text")


def _row(line: str) -> Iterator[Part]:
    position = 0
    for start, end in cells(line):
        if position < start:
            yield Part(line[position:start], "table")
        cell = line[start:end]
        yield Part(cell, PROSE if needs_translation(cell) else "table")
        position = end
    if position < len(line):
        yield Part(line[position:], "table")
