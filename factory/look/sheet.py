"""A rating sheet: rows of a dataset as a CSV that people fill with yes and no in any spreadsheet program."""

from __future__ import annotations

import codecs
import random
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.arrays import pa, pq
from factory.errors import UsageError
from factory.look.layout import columns_of, layout, text_of
from factory.look.sheet_text import COMMENT, ID, QUESTION, RATER, Line, as_csv, clean, guarded
from factory.rows.separated import read_separated
from factory.rows.unreadable import Unreadable
from factory.store import Dataset
from factory.store.columns import unknown_column
from factory.store.kinds import rows_of
from factory.store.packs import located, unpacked
from factory.store.votes import Vote
from factory.store.writing import write_atomically

SHEET_ID = re.compile(r"([0-9a-f]{12})/(.+)/(\d{1,12})")
WORDS = {True: {"yes", "y", "1", "true", "نعم"}, False: {"no", "n", "0", "false", "لا"}}
SHOWN_PROBLEMS = 5

Place = tuple[str, int]
"""A split and the number of a row in it."""


def drawn(dataset: Dataset, split: str, rows: int, seed: int = 0) -> dict[Place, dict[str, Any]]:
    """At most so many rows of a split, drawn uniformly without putting back; the same ones for the same seed."""
    total = dataset.num_rows(split)
    numbers = sorted(random.Random(seed).sample(range(total), min(rows, total)))
    return rows_at(dataset, [(split, number) for number in numbers])


def rows_at(dataset: Dataset, places: Sequence[Place]) -> dict[Place, dict[str, Any]]:
    """The rows at these places, as far as they are there; only their shards are read."""
    found: dict[Place, dict[str, Any]] = {}
    for split in dict.fromkeys(split for split, _ in places):
        wanted, start = sorted({row for name, row in places if name == split}), 0
        for path in dataset.shards(split):
            size = pq.read_metadata(path).num_rows
            here = [row - start for row in wanted if start <= row < start + size]
            if here:
                with pq.ParquetFile(path) as file:
                    rows = rows_of(unpacked(located(file.read().take(pa.array(here)), dataset.folder)))
                found |= {(split, start + number): row for number, row in zip(here, rows, strict=True)}
            start += size
    return found


def write_sheet(
    path: Path,
    rows: Mapping[Place, Mapping[str, Any]],
    fingerprint: str,
    questions: Sequence[str],
    *,
    columns: Sequence[str] = (),
    rater: str = "",
) -> None:
    """Write the rows as a sheet; `columns` limits what is shown of them.

    Raises:
        UsageError: a question has no name of its own, a column is not there, or the file is: it may hold votes.
    """
    if wrong := [name for name in questions if not QUESTION.fullmatch(name) or name in (RATER, COMMENT)]:
        raise UsageError(f"{wrong[0]!r} is no question", fix="a word in small letters, such as correct")
    if path.exists():
        raise UsageError("the file is there, and may hold votes", where=str(path), fix="give another name")
    shown = shown_columns(rows, columns)
    text = as_csv(questions, shown, lines_of(rows, fingerprint, shown, rater))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, codecs.BOM_UTF8 + text.encode())
    except OSError as error:
        raise UsageError(f"cannot write: {error.strerror}", where=str(path)) from None


def lines_of(
    rows: Mapping[Place, Mapping[str, Any]], fingerprint: str, columns: Sequence[str], rater: str = ""
) -> Iterator[Line]:
    """The rows as lines to be filled, of a dataset with this fingerprint."""
    for (split, row), values in rows.items():
        flat = columns_of(values)
        yield Line(f"{fingerprint[:12]}/{split}/{row}", [_cell(flat.get(name)) for name in columns], rater)


def shown_columns(rows: Mapping[Place, Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    """The columns of the data in the order of reading: each translation right behind its source, scores left out.

    Raises:
        UsageError: one of `columns` is not there.
    """
    merged: dict[str, Any] = {}
    for row in rows.values():
        for name, value in columns_of(row).items():
            merged[name] = value if merged.get(name) is None else merged[name]
    for name in columns:
        if name not in merged:
            error = unknown_column(name, merged)
            raise UsageError(error.what, fix=error.fix)
    found = layout(merged, columns)
    return [*(name for pair in found.pairs for name in pair), *found.texts, *found.rest]


def _cell(value: Any) -> str:
    return clean(text_of(value))


@dataclass
class Sheet:
    """What a filled sheet says.

    Attributes:
        votes: of all its lines.
        places: whose votes on which row it speaks of, also where it has none.
    """

    votes: list[Vote] = field(default_factory=list)
    places: set[tuple[str, str, int]] = field(default_factory=set)


@dataclass(frozen=True)
class _Line:
    number: int
    cells: dict[str, str]
    place: Place


def read_sheet(path: Path, dataset: Dataset, fingerprint: str, rater: str = "") -> Sheet:
    """Read a filled sheet; `rater` stands for lines that name none.

    Raises:
        UsageError: it is no sheet, one of another build, or damaged: the first such lines are named, and none of
            its votes counts.
    """
    problems: list[str] = []

    def refuse(line: int, why: str) -> None:
        problems.append(f"{path}:{line}: {why}")

    lines = [line for number, cells in _rows(path) if (line := _line(number, cells, fingerprint, refuse))]
    rows = rows_at(dataset, [line.place for line in lines])
    sheet, seen = Sheet(), dict[tuple[str, str, int], int]()
    for line in lines:
        split, row = line.place
        if line.place not in rows:
            refuse(line.number, f"there is no row {row} in split {split!r}")
        elif odd := _altered(line.cells, rows[line.place]):
            refuse(
                line.number, f"{odd!r} is not the text of row {row}: sort whole lines only, and save as CSV in UTF-8"
            )
        else:
            _vote(line, rater, sheet, seen, refuse)
    if problems:
        more = [f"… and {len(problems) - SHOWN_PROBLEMS} more"] if len(problems) > SHOWN_PROBLEMS else []
        raise UsageError("\n".join([*problems[:SHOWN_PROBLEMS], *more, "nothing was imported"]))
    return sheet


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | Unreadable]]:
    """The lines of the file by number, in the encoding that it begins with, by default UTF-8."""
    try:
        with path.open("rb") as file:
            wide = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        encoding, errors = ("utf-16", "replace") if wide else ("utf-8-sig", "surrogateescape")
        with path.open(encoding=encoding, errors=errors, newline="") as text:
            empty = True
            for number, cells in read_separated(text, "csv", None, None):
                if empty and not isinstance(cells, Unreadable):
                    _require_header(path, cells)
                empty = False
                yield number, cells
    except OSError as error:
        raise UsageError(f"cannot read: {error.strerror}", where=str(path)) from None
    except ValueError as error:
        raise UsageError(str(error), where=f"{path}:1") from None
    if empty:
        raise UsageError("it has no lines", where=str(path))


def _require_header(path: Path, cells: Mapping[str, Any]) -> None:
    if ID not in cells or RATER not in cells or not any(_question(name) for name in cells):
        raise UsageError(
            f"no sheet of `factory rate`: it lacks {ID!r}, {RATER!r} or a column with a question",
            where=f"{path}:1",
            fix="leave the first line as it was written",
        )


def _question(header: str) -> str | None:
    name = header.removesuffix("?")
    return name if name != header and QUESTION.fullmatch(name) else None


def _line(number: int, cells: dict[str, Any] | Unreadable, fingerprint: str, refuse: Any) -> _Line | None:
    if isinstance(cells, Unreadable):
        refuse(number, cells.error)
        return None
    if not any(value.strip() for value in cells.values()):
        return None
    found = SHEET_ID.fullmatch(cells[ID].strip())
    if found is None:
        refuse(number, f"{cells[ID][:40]!r} is no {ID}: leave that column as it was written")
        return None
    build, split, row = found.groups()
    if build != fingerprint[:12]:
        refuse(number, f"it shows build {build} of the dataset, and this is {fingerprint[:12]}: write a new sheet")
        return None
    return _Line(number, cells, (split, int(row)))


def _altered(cells: Mapping[str, str], row: Mapping[str, Any]) -> str | None:
    """The first column that does not show what the row holds; white space, case and a lost ``'`` do not count."""
    flat = columns_of(row)
    own = {RATER, COMMENT, ID, *(header for header in cells if _question(header))}
    names = {header: header.removeprefix("'").removesuffix(" (data)") for header in cells if header not in own}
    told = {header: name for header, name in names.items() if name in flat or name.partition(".")[0] in row}
    for header, name in told.items():
        if _normal(cells[header]) != _normal(guarded(_cell(flat.get(name)))):
            return name
    return None if told else "none of its columns"


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split()).removeprefix("'").strip()


def _vote(line: _Line, rater: str, sheet: Sheet, seen: dict[tuple[str, str, int], int], refuse: Any) -> None:
    who = " ".join(line.cells[RATER].removeprefix("'").split()) or rater
    said = {name: value.strip() for header, value in line.cells.items() if (name := _question(header))}
    votes = {name: _yes(value) for name, value in said.items() if value}
    if odd := next((name for name, yes in votes.items() if yes is None), None):
        return refuse(line.number, f"{said[odd][:40]!r} is neither yes nor no, under {odd + '?'!r}")
    if not who:
        return refuse(line.number, "it has a vote and no rater: name one there, or with --rater") if votes else None
    split, row = line.place
    made = [Vote(split=split, row=row, rater=who, question=name, yes=bool(yes)) for name, yes in votes.items()]
    place = (who.casefold(), split, row)
    if place in seen:
        return refuse(line.number, f"{who} votes on row {row} twice, first in line {seen[place]}")
    seen[place] = line.number
    sheet.places.add(place)
    sheet.votes += made
    return None


def _yes(word: str) -> bool | None:
    plain = word.removeprefix("'").casefold().strip(" .")
    return next((yes for yes, words in WORDS.items() if plain in words), None)
