"""What the passages of a text are: prose, which a translation changes, and what it carries over as it is.

One view of a text for all: `translate` translates the prose, checks and language identification read the prose, and
`structure` compares the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import groupby, islice
from typing import Any, NamedTuple

from factory.text.blocks import find_blocks
from factory.text.code_lines import FIRST_WORDS, code_runs, may_be_code
from factory.text.column import ARABIC, CAPITAL, DIGIT, LETTER, SMALL, WORD, Texts, mask
from factory.text.inline import Span, apart, inline_spans, is_equation, is_symbolic
from factory.text.tables import cells, table_end

_LETTERS = re.compile(r"[^\W\d_]+")
# A word between white space is in no masked thing, unless one of these opens something that may hold white space.
_WORD = re.compile(r"[A-Za-z](?<!\S[A-Za-z])[a-z]+(?!\S)")
_OPENS = re.compile(r"[`$\\<{\[⟦]")
_PREFIX = re.compile(
    r"[ \t]*+(?:>[ \t]*+)*+"
    r"((?:(?:[-*•+–—◦▪‣·●○]|\(?\d{1,3}[.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?|\(?[A-Za-z][.)]|\(?(?:[ivx]{2,5}|[IVX]{2,5})[.)]|#{1,6}"
    r"|\*\*\d{1,3}[.)]\*\*)[ \t]++){0,2}(?:\[[ xX]\][ \t]++)?)"
)
_GAP = re.compile(r"(?<=[^\s])(?:[ ]*\t[ \t]*| {3,}+)(?=[^\s])")
_ENDS_SENTENCE = re.compile(r"[.!?:;…؟。*|>]\W*$")
_WRAPPED_FROM = 50  # a line this long that ends in the middle of a sentence goes on in the next line

PROSE = "prose"
_PROSE_KINDS = frozenset((PROSE, "text", "space", "marker", "table"))
MARKS = "`$\\<>{[~@#_=^"
# A text without these is all prose. What `signs` finds in many texts at once includes what this finds.
_SIGNS = re.compile(
    r"[`$\\<>{[~@#_=^→⇌]|\(\)|/(?=[\w.@*+-])|&(?=\w|#)|(?<!\d)%(?=\S)|\.[A-Za-z]|\d\.\d+\.\d|v\d+\.\d|[a-z][A-Z]"
    r"|^[ \t]|^" + FIRST_WORDS,
    re.MULTILINE,
)
_FREE = "\ufdd0"  # stands for a display while prose is put together; Unicode has kept it free
_DISPLAY = re.compile(rf"\s*{_FREE}(?:\s+(?![-*•+]\s|\(?\w{{1,3}}[.)]\s))?")
_MOST_KNOWN = 1000  # blocks of a source that are looked for
_LINE_REST = re.compile(r"(?:[ \t\r]*\n)?")
_FIRST = re.compile(FIRST_WORDS)
_FIRST_CAPITALS = frozenset(re.findall("[A-Z][a-z]", FIRST_WORDS))  # with which other lines begin than sentences do


class Passage(NamedTuple):
    """A piece of a text and what it is. ``prose`` is translated. Else the kind says why it stays: code, math, json,
    equation (that nothing marks), html, token, marker (of lists, headings, quotes), table (pipes and rules), space,
    text (nothing in it to translate), or within prose a kind of `factory.text.inline`."""

    text: str
    kind: str = PROSE

    @property
    def translate(self) -> bool:
        return self.kind == PROSE


def divide(text: str, by_line: bool = False) -> list[Passage]:
    """The passages of a text in order, what stands within prose not told from it: joined, they are the text.

    Prose comes in units: a paragraph, a list item, a heading, a quoted line, a table cell; with `by_line` a line,
    except where a paragraph was wrapped at a column.
    """
    return list(_divided(text, find_blocks(text), by_line))


class View:
    """What the passages of one text are.

    Attributes:
        known: code, formulas and documents of its source: where they stand in the text as they are, they are that.
        is_prose: there is no sign of anything else.
    """

    def __init__(self, text: str, known: tuple[Passage, ...] = ()) -> None:
        self.text, self._known = text, known
        self.is_prose = not known and _SIGNS.search(text) is None

    @cached_property
    def _units(self) -> list[Passage]:
        spans = find_blocks(self.text)
        if self._known:
            spans = apart([*_verbatim(self.text, self._known), *spans])
        return list(_divided(self.text, spans, False))

    @cached_property
    def passages(self) -> list[Passage]:
        """In order; joined, they are the text."""
        return [Passage(self.text)] if self.is_prose else [piece for unit in self._units for piece in _within(unit)]

    @cached_property
    def prose(self) -> str:
        """The text with a space, a line break or an equals sign in place of what a translation carries over."""
        if self.is_prose:
            return self.text
        return _DISPLAY.sub(" ", "".join(map(_in_prose, self.passages)))

    @cached_property
    def blocks(self) -> tuple[Passage, ...]:
        """The longer passages that stand between units of prose: what is looked for in a translation."""
        found = (unit for unit in (() if self.is_prose else self._units) if unit.kind in ("code", "math", "json"))
        return tuple(Passage(unit.text.strip(), unit.kind) for unit in found)


def _in_prose(passage: Passage) -> str:
    """What stands for a passage in prose: lines with equations are still lines, a display is part of its sentence."""
    if passage.kind in _PROSE_KINDS:
        return passage.text
    if passage.kind == "math" and passage.text.lstrip().startswith(("$$", "\\[", "\\begin")):
        return _FREE
    return (" = " if passage.kind == "equation" else " ") + "\n" * passage.text.endswith("\n")


class _Views:
    """Views by text, as long as they take little room: checks ask for one after the other, a shard at a time."""

    def __init__(self, characters: int) -> None:
        self._room, self._size = characters, 0
        self._views: dict[tuple[str, tuple[Passage, ...]], View] = {}

    def get(self, text: str, known: tuple[Passage, ...] = ()) -> View:
        if (found := self._views.get((text, known))) is None:
            if self._size > self._room:
                self._views, self._size = {}, 0
            found = self._views[text, known] = View(text, known)
            self._size += len(text) + 64
        return found


_views = _Views(1_000_000)


def view(text: str) -> View:
    """The passages of a text by itself."""
    return _views.get(text)


def views(source: str, target: str) -> tuple[View, View]:
    """Those of a text and its translation. Blocks of the source are in the translation what they are there, even where
    it does not look so by itself. Of a source without such blocks, lines that both have are code where they look more
    like it than like prose."""
    first, second = view(source), view(target)
    marked = not (first.is_prose or second.is_prose)
    if (marked or source == target) and all(block.kind == "math" for block in first.blocks):
        first = _views.get(source, tuple(_copied_code(source, target)))
    return first, second if second.blocks == first.blocks else _views.get(target, first.blocks)


def prose(text: str) -> str:
    """The text without code, formulas, addresses and so on: what a translation does change.

    >>> prose("Run `ls` in /usr/bin, please.")
    'Run   in  , please.'
    """
    return view(text).prose


def prose_pair(source: str | None, target: str) -> tuple[str | None, str]:
    """The prose of a text (None: there is none) and of its translation."""
    if source is None:
        return None, prose(target)
    before, after = views(source, target)
    return before.prose, after.prose


def prose_columns(sources: Texts, targets: Texts) -> tuple[Any, Texts, Texts]:
    """Which pairs may hold anything but prose, and the prose of both texts of these; found out once."""
    if (found := targets.prose.get(sources)) is None:
        import numpy as np

        copied = np.fromiter(map(str.__eq__, sources, targets), bool, len(targets))
        rows = (signs(sources) | signs(targets) | copied).nonzero()[0]
        pairs = [prose_pair(sources.given[row], targets[row]) for row in rows.tolist()]
        found = rows, Texts([before for before, _ in pairs]), Texts([after for _, after in pairs])
        targets.prose[sources] = found
    return found


def needs_translation(text: str) -> bool:
    """False for a unit of nothing but digits, punctuation, masked things and at most one Latin letter (an answer key).

    >>> needs_translation("42 % (`x`)"), needs_translation("B)"), needs_translation("Hi `x`")
    (False, False, True)
    """
    if is_symbolic(text):
        return False
    if _WORD.search(text) and not _OPENS.search(text):
        return True
    letters, position = "", 0
    for start, end, _ in (*inline_spans(text), Span(len(text), len(text), "")):
        for match in _LETTERS.finditer(text, position, start):
            letters += match[0]
            if len(letters) > 1:
                return True
        position = end
    return not letters.isascii()


def _copied_code(source: str, target: str) -> Iterator[Passage]:
    """Runs of lines that the translation has as they are and that may be code, of which nobody can tell alone."""
    theirs = {*map(str.strip, target.split("\n"))} - {""}
    for copied, run in groupby(source.split("\n"), key=lambda line: line.strip() in theirs):
        if copied and may_be_code(lines := [*run]):
            yield Passage("\n".join(lines).strip(), "code")


def _verbatim(text: str, known: Iterable[Passage]) -> Iterator[Span]:
    """Where the known passages stand in the text, one after the other."""
    position = 0
    for passage in islice(known, _MOST_KNOWN):
        start = text.find(passage.text, position)
        end = start + len(passage.text)
        if start >= 0 and not _joined(text, start) and not _joined(text, end):
            position = _LINE_REST.match(text, end).end()  # type: ignore[union-attr]
            yield Span(len(text[:start].rstrip(" \t")), position, passage.kind)


def _joined(text: str, place: int) -> bool:
    """Do the characters before and at this place belong together?"""
    before, after = text[place - 1 : place], text[place : place + 1]
    return (before.isalnum() and after.isalnum()) or (before == after != "\n")


def _within(unit: Passage) -> Iterator[Passage]:
    """The passages of a unit."""
    text, kind = unit
    if kind not in (PROSE, "text"):
        yield unit
        return
    if kind == "text" and is_equation(text):
        yield Passage(text, "equation")
        return
    position = 0
    for start, end, inner in inline_spans(text):
        if position < start:
            yield Passage(text[position:start], kind)
        yield Passage(text[start:end], inner)
        position = end
    if position < len(text):
        yield Passage(text[position:], kind)


def _merged(parts: Iterable[Passage]) -> Iterator[Passage]:
    """Neighbours of one kind as one part, but for units."""
    for kind, group in groupby(parts, key=lambda part: part.kind):
        if kind == PROSE:
            yield from group
        else:
            yield Passage("".join(part.text for part in group), kind)


def _divided(text: str, blocks: Iterable[Span], by_line: bool) -> Iterator[Passage]:
    position = 0
    for start, end, kind in blocks:
        if position < start:
            yield from _merged(_region(text[position:start], position == 0 or text[position - 1] == "\n", by_line))
        yield Passage(text[start:end], kind)
        position = end
    if position < len(text):
        yield from _merged(_region(text[position:], position == 0 or text[position - 1] == "\n", by_line))


def _region(text: str, starts_line: bool, by_line: bool) -> Iterator[Passage]:
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
                yield from _row(row) if kind == "table" else (Passage(row, "code"),)
            i = end
            continue
        i += 1
        prefix = _PREFIX.match(line)
        marked = prefix.end() if prefix and prefix[1] else 0
        if _LETTERS.search(line) is None:
            yield from _prose("".join(unit))
            unit = []
            yield Passage(line, "text" if line.strip() else "space")
        elif is_equation(line[marked:]):
            yield from _prose("".join(unit))
            unit = []
            if marked:
                yield Passage(line[:marked], "marker")
            yield Passage(line[marked:], "equation")
        elif unit and not marked and _goes_on(unit[-1], line, open_end and not by_line):
            unit.append(line)
        else:
            yield from _prose("".join(unit))
            skip = prefix.end() if prefix else 0
            if skip:
                yield Passage(line[:skip], "marker" if line[:skip].strip() else "space")
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


def _prose(text: str) -> Iterator[Passage]:
    """A unit and the white space around it; columns apart."""
    if not text:
        return
    stripped = text.strip()
    if not stripped:
        yield Passage(text, "space")
        return
    start = text.index(stripped[0]) if not text[0].isspace() else len(text) - len(text.lstrip())
    end = start + len(stripped)
    if start:
        yield Passage(text[:start], "space")
    if "\t" in stripped or "   " in stripped:
        position = start
        for gap in _GAP.finditer(text, start, end):
            yield _unit(text[position : gap.start()])
            yield Passage(gap[0], "space")
            position = gap.end()
        yield _unit(text[position:end])
    else:
        yield _unit(stripped)
    if end < len(text):
        yield Passage(text[end:], "space")


def _unit(text: str) -> Passage:
    return Passage(text, PROSE if needs_translation(text) else "text")


def _row(line: str) -> Iterator[Passage]:
    position = 0
    for start, end in cells(line):
        if position < start:
            yield Passage(line[position:start], "table")
        cell = line[start:end]
        yield _unit(cell)
        position = end
    if position < len(line):
        yield Passage(line[position:], "table")


@lru_cache(maxsize=4)
def signs(texts: Texts) -> Any:
    """Which texts may have one of `_SIGNS`."""
    import numpy as np

    found = texts.have(MARKS) | texts.containing("→") | texts.containing("⇌")
    found |= texts.follows("(", ")") | texts.follows(SMALL, CAPITAL) | texts.follows("/&", WORD | mask("/.@*+-#"))
    found |= texts.begin_with(" \t") | texts.follows("\n", " \t")
    percent, dots, digits = texts.places("%"), texts.places("."), texts.places(DIGIT)
    dots = dots[texts.beside(dots, 1, WORD)]
    decimal = texts.beside(dots, -1, DIGIT) & texts.beside(dots, 1, DIGIT)
    version = digits[texts.points.take(digits - 1) == ord("v")]
    for places in (percent[~texts.beside(percent, -1, DIGIT)], dots[~decimal], version):
        found |= texts.rows(places)
    found |= np.bincount(texts.row_of(dots[decimal]), minlength=len(texts)) > 1
    lines = np.concatenate((texts.starts, texts.places("\n") + 1))
    sentence = texts.beside(lines, 0, CAPITAL) & texts.beside(lines, 1, SMALL)
    unlike = sentence | texts.beside(lines, 0, ARABIC | LETTER)
    joined, first = texts.joined, lines[~unlike].tolist()
    first += [place for place in lines[sentence].tolist() if joined[place : place + 2] in _FIRST_CAPITALS]
    return found | texts.rows(np.array([place for place in first if _FIRST.match(joined, place)], np.int64))
