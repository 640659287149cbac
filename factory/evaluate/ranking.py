"""A leaderboard: a row is a model, a column a benchmark. Rows, ranks, filters, CSV and Markdown.

It needs the standard library only and nothing of this package: a Space carries the file beside its app.
"""

import csv
import io
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

Origin = Literal["measured", "reported"]


@dataclass(frozen=True)
class Cell:
    """A score with its 95 % interval and number of samples, where they are known, and the values of its subtasks."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """A benchmark. Those that are `averaged` have one unit, so that their mean says something."""

    name: str
    metric: str = ""
    higher_is_better: bool = True
    averaged: bool = False


@dataclass(frozen=True)
class Row:
    """A model and its scores.

    Attributes:
        model: its name. `link` is the address of its page.
        parameters: how many; `nominal` if only its name says so.
        kind: what was done last to make it: base, pretrained, tuned, aligned, merged, quantized.
        base: the model that it was made from.
        cells: {name of a column: its score}; a benchmark that is not there was not measured.
        average: of the averaged columns, where whoever measured them says it, with its interval.
        printed: the average that a source prints, where it is not the mean of the scores that it prints.
    """

    model: str
    cells: Mapping[str, Cell]
    link: str = ""
    parameters: int | None = None
    nominal: bool = False
    kind: str = ""
    license: str = ""
    base: str = ""
    revision: str = ""
    date: str = ""
    average: Cell | None = None
    printed: float | None = None


@dataclass(frozen=True)
class Section:
    """Rows that may be compared: all measured by one protocol, or all reported by one source, shown to `decimals`."""

    title: str
    origin: Origin
    rows: tuple[Row, ...]
    source: str = ""
    decimals: int = 1


@dataclass(frozen=True)
class Table:
    """The sections on the same benchmarks."""

    name: str
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]

    @property
    def averaged(self) -> list[str]:
        """Names of the columns whose mean is the average; empty where there is none."""
        return [column.name for column in self.columns if column.averaged]


@dataclass(frozen=True)
class Place:
    """A row in its section. Rank and average are None where a benchmark is missing, which `missing` names."""

    rank: int | None
    row: Row
    average: Cell | None
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Filters:
    """What a reader wants to see; the default is everything.

    Attributes:
        text: part of the model's name. `sizes`: least and most parameters, of models whose size is known.
        kinds, licenses: any of these; empty means all. `complete`: only models that have every benchmark.
    """

    text: str = ""
    sizes: tuple[float, float] | None = None
    kinds: Collection[str] = ()
    licenses: Collection[str] = ()
    origin: Origin | None = None
    complete: bool = False

    def take(self, table: Table, row: Row) -> bool:
        """Whether the row is shown; `origin` is the section's."""
        least, most = self.sizes or (-math.inf, math.inf)
        return (
            self.text.casefold() in row.model.casefold()
            and (self.sizes is None or (row.parameters is not None and least <= row.parameters <= most))
            and (not self.kinds or row.kind in self.kinds)
            and (not self.licenses or row.license in self.licenses)
            and not (self.complete and missing(table, row))
        )


def missing(table: Table, row: Row) -> tuple[str, ...]:
    """The benchmarks that the row has no score for."""
    return tuple(column.name for column in table.columns if column.name not in row.cells)


def average(table: Table, row: Row) -> Cell | None:
    """The unweighted mean of the averaged columns; None where one of them is missing, or there are none.

    Its interval comes from the columns' own, taken as independent, by the method of variance estimates recovery (Zou &
    Donner 2008): the distances of the bounds from the values add up as squares.
    """
    if not table.averaged or not row.cells.keys() >= {*table.averaged}:
        return None
    if row.average is not None:
        return row.average
    cells = [row.cells[name] for name in table.averaged]
    value = math.fsum(cell.value for cell in cells) / len(cells)
    bounds = [(cell.value, cell.low, cell.high) for cell in cells if cell.low is not None and cell.high is not None]
    if len(bounds) < len(cells):
        return Cell(value)
    below = math.hypot(*(middle - low for middle, low, _ in bounds)) / len(cells)
    above = math.hypot(*(high - middle for middle, _, high in bounds)) / len(cells)
    return Cell(value, value - below, value + above)


def places(table: Table, section: Section) -> list[Place]:
    """The section's rows, the best first: by average, or without one by the first column. Equal scores share a rank.

    Rows that lack what is ranked by come last and have no rank.
    """
    first = table.columns[0]
    up = bool(table.averaged) or first.higher_is_better
    found = [(average(table, row), row, missing(table, row)) for row in section.rows]

    def score(mean: Cell | None, row: Row) -> float | None:
        cell = mean if table.averaged else row.cells.get(first.name)
        return None if cell is None else -cell.value if up else cell.value

    keyed = [(score(mean, row), mean, row, lacking) for mean, row, lacking in found]
    keyed.sort(key=lambda one: (one[0] is None, one[0] or 0.0, one[2].model.casefold()))
    scores = [key for key, *_ in keyed]
    return [
        Place(None if key is None else scores.index(key) + 1, row, mean, lacking) for key, mean, row, lacking in keyed
    ]


def chosen(table: Table, filters: Filters) -> Table:
    """The table with the rows that the filters leave; a section that is left with none is not there."""
    sections = [
        replace(section, rows=tuple(row for row in section.rows if filters.take(table, row)))
        for section in table.sections
        if filters.origin in (None, section.origin)
    ]
    return replace(table, sections=tuple(section for section in sections if section.rows))


def as_json(table: Table) -> dict[str, Any]:
    """The table as a page reads it: rows in the order of their ranks, each with rank, average and what is missing."""
    return {
        "name": table.name,
        "columns": [asdict(column) for column in table.columns],
        "sections": [
            {
                "title": section.title,
                "origin": section.origin,
                "source": section.source,
                "decimals": section.decimals,
                "rows": [_row_json(place) for place in places(table, section)],
            }
            for section in table.sections
        ],
    }


def _row_json(place: Place) -> dict[str, Any]:
    row = {key: value for key, value in asdict(place.row).items() if value not in (None, "", False)}
    cells = {name: _cell_json(cell) for name, cell in place.row.cells.items()}
    mean = _cell_json(place.average) if place.average else None
    return row | {"rank": place.rank, "cells": cells, "average": mean, "missing": list(place.missing)}


def _cell_json(cell: Cell) -> dict[str, Any]:
    return {key: value for key, value in asdict(cell).items() if value is not None and value != {}}


def from_json(value: Mapping[str, Any]) -> Table:
    """The table again: `as_json` and back changes only the order of rows."""
    sections = [
        Section(**{**section, "rows": tuple(_row(row) for row in section["rows"])}) for section in value["sections"]
    ]
    columns = tuple(Column(**column) for column in value["columns"])
    return Table(value["name"], columns, tuple(sections))


def _row(value: Mapping[str, Any]) -> Row:
    known = {key: item for key, item in value.items() if key not in ("rank", "missing", "average", "cells")}
    mean = Cell(**value["average"]) if value.get("average") else None
    return Row(**known, cells={name: Cell(**cell) for name, cell in value["cells"].items()}, average=mean)


UNITS = (("B", 1e9), ("M", 1e6), ("K", 1e3), ("", 1))
FACTS = ("parameters", "kind", "license", "base")
STAMPS = ("date", "revision", "link")


def as_csv(table: Table) -> str:
    """One line a model; each benchmark with the bounds of its interval and its n in columns of their own."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    means = ["average", "average low", "average high"] if table.averaged else []
    benchmarks = [name for column in table.columns for name in _headings(column.name)]
    writer.writerow(["origin", "source", "rank", "model", *FACTS, *means, *benchmarks, *STAMPS])
    for section in table.sections:
        for place in places(table, section):
            row = place.row
            line: list[Any] = [section.origin, section.title, place.rank, row.model]
            line += [getattr(row, fact) for fact in FACTS]
            line += _numbers(place.average)[:3] if table.averaged else []
            line += [number for column in table.columns for number in _numbers(row.cells.get(column.name))]
            line += [getattr(row, stamp) for stamp in STAMPS]
            writer.writerow(map(_harmless, line))
    return text.getvalue()


def _headings(name: str) -> list[str]:
    return [name, f"{name} low", f"{name} high", f"{name} n"]


def _numbers(cell: Cell | None) -> list[Any]:
    return [cell.value, cell.low, cell.high, cell.n] if cell else [None] * 4


def _harmless(value: Any) -> Any:
    """A text in one line; one that a spreadsheet would take for a formula is marked as text."""
    if not isinstance(value, str):
        return value
    line = " ".join(value.split())
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def as_markdown(table: Table) -> str:
    """A table of each section under its title, scores with their intervals."""
    means = ["average"] if table.averaged else []
    heads = ["rank", "model", "size", *FACTS[1:], *means, *(column.name for column in table.columns)]
    rule = ["---:", "---", "---:", *["---"] * len(FACTS[1:]), *["---:"] * (len(means) + len(table.columns))]
    lines: list[str] = []
    for section in table.sections:
        lines += [f"**{markdown(section.title)}**", "", _line(map(markdown, heads)), _line(rule)]
        for place in places(table, section):
            row, shown = place.row, [place.average] if table.averaged else []
            shown += [row.cells.get(column.name) for column in table.columns]
            name = f"[{markdown(row.model)}]({row.link})" if row.link else markdown(row.model)
            facts = [size_text(row), *(markdown(getattr(row, fact)) for fact in FACTS[1:])]
            scores = [_score_text(cell, section.decimals) for cell in shown]
            lines.append(_line([str(place.rank or ""), name, *facts, *scores]))
        lines.append("")
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _score_text(cell: Cell | None, decimals: int) -> str:
    if cell is None:
        return "–"
    bounds = "" if cell.low is None or cell.high is None else f" ({cell.low:.{decimals}f} to {cell.high:.{decimals}f})"
    return f"{cell.value:.{decimals}f}{bounds}"


def size_text(row: Row) -> str:
    """Parameters for people.

    >>> size_text(Row("a", {}, parameters=1_234_000_000)), size_text(Row("b", {}, parameters=350_000, nominal=True))
    ('1.2B', '≈ 350K')
    """
    if not row.parameters:
        return ""
    unit, scale = next((unit, scale) for unit, scale in UNITS if row.parameters >= scale)
    number = f"{row.parameters / scale:.{0 if row.parameters / scale >= 100 or not unit else 1}f}".removesuffix(".0")
    return f"{'≈ ' if row.nominal else ''}{number}{unit}"


def markdown(text: str) -> str:
    r"""The text as Markdown that shows it and does nothing.

    >>> markdown("a|b <i>_c_</i>")
    'a\\|b \\<i\\>\\_c\\_\\</i\\>'
    """
    return re.sub(r"([\\`*_{}\[\]()#|<>~!$&])", r"\\\1", " ".join(text.split()))
