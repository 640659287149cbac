"""Rows of csv and tsv: every cell is the text that is written there, every row as wide as the header."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, TextIO

from factory.rows.unreadable import Numbered, not_utf8, unreadable

LARGEST_CELL = 64 << 20  # characters: a quotation mark that is never closed must not take the rest of a large file
DELIMITERS = (",", ";", "\t", "|")
FIRST_LINES = 50  # by which the delimiter is recognised


def read_separated(text: TextIO, form: str, columns: list[str] | None, delimiter: str | None) -> Numbered:
    """Rows by line. `columns` names those of a file without a header; no `delimiter`: the one that fits.

    Raises:
        ValueError: the header is no text, or several delimiters fit alike.
    """
    csv.field_size_limit(LARGEST_CELL)
    head = list(islice(text, FIRST_LINES))
    raw: list[str] = []  # the lines of the row that is read
    ended = False

    def lines() -> Iterator[str]:
        nonlocal ended
        for line in chain(head, text):
            raw.append(line)
            yield line
        ended = True

    options: dict[str, Any] = {"delimiter": delimiter or "\t"}
    if form == "tsv":  # where a quotation mark is a character like any other
        options["quoting"] = csv.QUOTE_NONE
    elif delimiter is None:
        options["delimiter"] = _recognised(head, columns)
    reader = csv.reader(lines(), **options)
    names = columns or []
    while True:
        raw.clear()
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield line, unreadable("".join(raw), str(error))
            continue
        if cells is None:
            return
        if not cells:
            continue
        error = not_utf8(*raw)
        if ended:  # lines were asked for in the middle of a row
            error = "a quotation mark is never closed"
        if not names:
            if error:
                raise ValueError(f"the header: {error}")
            names = _header(cells)
        elif error or len(cells) != len(names):
            yield line, unreadable("".join(raw), error or _width(cells, names, options["delimiter"]))
        else:
            yield line, dict(zip(names, cells, strict=True))


def _width(cells: Sequence[str], names: Sequence[str], delimiter: str) -> str:
    more = "more" if len(cells) > len(names) else "fewer"
    return f"{more} fields than the header has, parted by {delimiter!r}: {len(cells)} for {len(names)}"


def _recognised(lines: Iterable[str], columns: list[str] | None) -> str:
    """The delimiter under which most of the first rows have as many fields as the header, and more than one.

    A comma goes before others that fit as well. Where none parts the header, there is one column.
    """
    fitting: dict[str, int] = {}
    for mark in DELIMITERS:
        try:
            rows = [row for row in csv.reader(lines, delimiter=mark) if row]
        except csv.Error:
            continue
        width = len(columns or next(iter(rows), ()))
        if width > 1:
            fitting[mark] = sum(len(row) == width for row in rows)
    best = [mark for mark, rows in fitting.items() if rows == max(fitting.values())] or [","]
    if len(best) > 1 and "," not in best:
        raise ValueError(f"{' and '.join(map(repr, best))} part its rows alike: say which, `delimiter: {best[0]!r}`")
    return best[0]


def _header(cells: list[str]) -> list[str]:
    """Names of columns, each once: as pandas names those that have none or another's."""
    names: list[str] = []
    for place, cell in enumerate(cells):
        name = cell = cell or f"Unnamed: {place}"
        times = 0
        while name in names:
            times += 1
            name = f"{cell}.{times}"
        names.append(name)
    return names
