"""The text of a rating sheet: its columns, what a cell may hold, and its lines as CSV.

It needs the standard library only and nothing of this package: a Space carries the file beside its app.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

RATER, COMMENT, ID = "rater", "comment", "sheet id"
QUESTION = re.compile(r"[a-z][a-z0-9 _-]*")
FORMULA = tuple("=+-@＝＋－＠")  # what spreadsheets calculate, the last four where Chinese or Japanese is written
LONGEST = 30_000  # characters of a cell: Excel cuts at 32,767
CONVERTED = 30  # characters: longer texts are taken for no number and no date


@dataclass(frozen=True)
class Line:
    """One row of the data as people rate it.

    Attributes:
        id: the build of the dataset, the split and the number of the row, as ``0123456789ab/train/7``.
        cells: one for each column of the data.
        answers: question -> yes or no, as it was written.
    """

    id: str
    cells: Sequence[str]
    rater: str = ""
    comment: str = ""
    answers: dict[str, str] = field(default_factory=dict)


def as_csv(questions: Sequence[str], columns: Sequence[str], lines: Iterable[Line]) -> str:
    """The sheet: the questions (``correct?``), `RATER`, `COMMENT`, the columns of the data, and `ID`.

    That one stands last, since Excel leaves out separators at the end of lines whose last cells are empty.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*(f"{name}?" for name in questions), RATER, COMMENT, *map(header, columns), ID])
    for line in lines:
        answers = [line.answers.get(question, "") for question in questions]
        own = [guarded(clean(line.rater)), guarded(clean(line.comment))]
        writer.writerow([*answers, *own, *map(guarded, line.cells), line.id])
    return text.getvalue()


def from_csv(text: str) -> list[Line]:
    """What `as_csv` made this text of."""
    names, *rows = csv.reader(io.StringIO(text, newline=""))
    first = names.index(RATER)
    return [
        Line(
            id=row[-1],
            cells=[unguarded(cell) for cell in row[first + 2 : -1]],
            rater=unguarded(row[first]),
            comment=unguarded(row[first + 1]),
            answers={name.removesuffix("?"): said for name, said in zip(names, row[:first], strict=False) if said},
        )
        for row in rows
    ]


def guarded(text: str) -> str:
    """A cell that spreadsheets take for text: ``'`` stands before what they would calculate, or take for a number.

    >>> guarded("=1+1"), guarded("3/4"), guarded("A sum: 3/4 and then some more text"), guarded("بيت")
    ("'=1+1", "'3/4", 'A sum: 3/4 and then some more text', 'بيت')
    """
    risky = text.lstrip().startswith(FORMULA) or text.startswith(("'", "\t", "\r"))
    converted = len(text) <= CONVERTED and any(character.isdigit() for character in text)
    return f"'{text}" if risky or converted else text


def unguarded(cell: str) -> str:
    """The text that `guarded` made this of."""
    return cell.removeprefix("'")


def clean(text: str) -> str:
    """A text as a cell holds it: no control characters but lines and tabs, and not too long for Excel."""
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def header(name: str) -> str:
    """A column of the data, which must not pass for one of the sheet's own."""
    own = name in (RATER, COMMENT, ID) or name.endswith("?")
    return guarded(f"{name} (data)" if own else name)
