"""Rows of csv and tsv: every cell is the text that is written there, every row as wide as the header."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, TextIO

from factory.rows.unreadable import Numbered, not_utf8, unreadable

NEVER_CLOSED = "a quotation mark is never closed"
LARGEST_CELL = 64 << 20  # characters: a quotation mark that is never closed must not take the rest of a large file
DELIMITERS = (",", ";", "\t", "|")
FIRST_LINES = 50  # by which the delimiter is recognised
SAID = re.compile(r"sep=(.)\r?\n")  # Excel's way to say what parts the fields
NO_DELIMITERS = " _-.'\"\r\n"  # beside letters and digits


def read_separated(text: TextIO, form: str, columns: list[str] | None, delimiter: str | None) -> Numbered:
    """Rows by line. `columns` names those of a file without a header; no `delimiter`: the one that fits.

    Raises:
        ValueError: the header is no text, or several delimiters fit alike, or one that is to be asked for.
    """
    csv.field_size_limit(LARGEST_CELL)
    head = list(islice(text, FIRST_LINES))
    above = 0
    if form == "csv" and head and (said := SAID.fullmatch(head[0])):
        head, above, delimiter = head[1:], 1, delimiter or said[1]
    raw: list[str] = []  # the lines of the row that is read
    ended = False

    def lines() -> Iterator[str]:
        nonlocal ended
        for line in chain(head, text):
            raw.append(line)
            yield line
        ended = True

    options: dict[str, Any] = {"delimiter": delimiter or "\t", "strict": True}
    if form == "tsv":  # where a quotation mark is a character like any other
        options["quoting"] = csv.QUOTE_NONE
    elif delimiter is None:
        options["delimiter"] = _recognised(head, columns)
    reader = csv.reader(lines(), **options)
    names = columns or []
    while True:
        raw.clear()
        line = reader.line_num + 1 + above
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield line, unreadable("".join(raw), NEVER_CLOSED if ended else _said(error))
            continue
        if cells is None:
            return
        if not cells:
            continue
        error = not_utf8(*raw)
        if not names:
            if error:
                raise ValueError(f"the header: {error}")
            if "\0" in raw[0]:
                raise ValueError("the header has NUL bytes: this may be UTF-16, save it as UTF-8")
            names = _header(cells)
        elif error or len(cells) != len(names):
            yield line, unreadable("".join(raw), error or _width(cells, names, options["delimiter"]))
        else:
            yield line, dict(zip(names, cells, strict=True))


def _said(error: csv.Error) -> str:
    if "expected after" in str(error):
        return "text after a closing quotation mark; one that is part of a cell is written twice"
    return str(error)


def _width(cells: Sequence[str], names: Sequence[str], delimiter: str) -> str:
    more = "more" if len(cells) > len(names) else "fewer"
    return f"{more} fields than the header has, parted by {delimiter!r}: {len(cells)} for {len(names)}"


def _recognised(lines: Sequence[str], columns: list[str] | None) -> str:
    """The delimiter under which most of the first rows have as many fields as the header, and more than one.

    A comma goes before others that fit as well. Where none parts the header, there is one column.

    Raises:
        ValueError: several fit alike, or another mark parts header and rows alike.
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
    if not fitting and (other := _other(lines)):
        asked = f"does {other!r} part its fields? Say `delimiter: {other!r}`"
        raise ValueError(f"{asked}, or of one column `delimiter: ','`")
    best = [mark for mark, rows in fitting.items() if rows == max(fitting.values())] or [","]
    if len(best) > 1 and "," not in best:
        raise ValueError(f"{' and '.join(map(repr, best))} part its rows alike: say which, `delimiter: {best[0]!r}`")
    return best[0]


def _other(lines: Sequence[str]) -> str:
    """A mark other than the usual ones that parts every row into as many fields as the header; "" for none."""
    for mark in dict.fromkeys(next(filter(str.strip, lines), "")):
        if not (mark.isalnum() or mark in NO_DELIMITERS):
            rows = [row for row in csv.reader(lines, delimiter=mark) if row]
            if len(rows) > 1 and all(rows[0]) and {len(rows[0])} == {*map(len, rows)} != {1}:
                return mark
    return ""


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
