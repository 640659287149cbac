"""The leaderboard's rows: averages, ranks, filters, and the table as text."""

from __future__ import annotations

import ast
import csv
import io
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.evaluate import ranking
from factory.evaluate.ranking import (
    Cell,
    Column,
    Filters,
    Row,
    Section,
    Table,
    as_csv,
    as_json,
    as_markdown,
    average,
    chosen,
    from_json,
    markdown,
    places,
)


def table(*rows: Row, up: bool = True, averaged: bool = True) -> Table:
    columns = tuple(Column(name, "accuracy", up, averaged) for name in ("a", "b"))
    return Table("t", columns, (Section("Measured here", "measured", rows),))


def row(model: str, **scores: float) -> Row:
    return Row(model, {name: Cell(value, value - 3, value + 4, 10) for name, value in scores.items()})


def ranked(whole: Table) -> list[tuple[str, int | None]]:
    return [(place.row.model, place.rank) for place in places(whole, whole.sections[0])]


def test_only_models_with_every_benchmark_have_an_average_and_a_rank() -> None:
    whole = table(row("half", a=99), row("low", a=10, b=20), row("high", a=30, b=40), row("equal", a=40, b=30))
    assert ranked(whole) == [("equal", 1), ("high", 1), ("low", 3), ("half", None)]
    assert places(whole, whole.sections[0])[-1].missing == ("b",)
    assert average(whole, row("half", a=99)) is None


def test_the_averages_interval_adds_the_distances_as_squares() -> None:
    mean = average(table(), row("m", a=10, b=20))
    assert mean == Cell(15, pytest.approx(15 - (3**2 + 3**2) ** 0.5 / 2), pytest.approx(15 + (4**2 + 4**2) ** 0.5 / 2))
    assert average(table(), Row("m", {"a": Cell(10, 9, 11), "b": Cell(20)})) == Cell(15)


def test_without_an_average_the_first_column_ranks_in_its_own_direction() -> None:
    whole = table(row("worse", a=9, b=1), row("better", a=3), up=False, averaged=False)
    assert ranked(whole) == [("better", 1), ("worse", 2)]


def test_each_filter_takes_what_it_names() -> None:
    rows = [
        Row("Lab/One", {"a": Cell(1), "b": Cell(1)}, parameters=10**9, kind="merged", license="mit"),
        Row("lab/two", {"a": Cell(1)}, kind="base", license="apache-2.0"),
    ]
    whole = table(*rows)

    def left(**filters: object) -> list[str]:
        sections = chosen(whole, Filters(**filters)).sections  # type: ignore[arg-type]
        return [one.model for section in sections for one in section.rows]

    assert left() == ["Lab/One", "lab/two"] and left(text="LAB/t") == ["lab/two"]
    assert left(sizes=(1e9, 2e9)) == ["Lab/One"] and left(sizes=(0, 1e8)) == []
    assert left(kinds=["base", "tuned"]) == ["lab/two"] and left(licenses=["mit"]) == ["Lab/One"]
    assert left(complete=True) == ["Lab/One"] and left(origin="reported") == []


NAMES = st.text(min_size=1)
CELLS = st.builds(Cell, st.floats(0, 100), st.just(None), st.just(None), st.just(None))
ROWS = st.builds(Row, NAMES, st.dictionaries(st.sampled_from(["a", "b"]), CELLS), kind=st.text(), license=st.text())


@given(st.lists(ROWS))
def test_a_table_survives_json(rows: list[Row]) -> None:
    whole = table(*rows)
    assert as_json(from_json(as_json(whole))) == as_json(whole)


@given(st.lists(ROWS))
def test_any_name_is_one_field_of_csv_and_no_formula(rows: list[Row]) -> None:
    whole = table(*rows)
    lines = list(csv.reader(io.StringIO(as_csv(whole), newline="")))
    assert len(lines) == len(rows) + 1 and len({len(line) for line in lines}) == 1
    assert all(not line[3].startswith(("=", "+", "-", "@")) for line in lines[1:])
    names = {" ".join(one.model.split()) for one in rows}
    assert {line[3].removeprefix("'") for line in lines[1:]} == {name.removeprefix("'") for name in names}


@given(NAMES)
def test_any_name_stays_in_its_cell_of_markdown(name: str) -> None:
    [line] = [line for line in as_markdown(table(row(name, a=1, b=2))).split("\n") if line.startswith("| 1 |")]
    assert len(re.findall(r"(?<!\\)\|", line)) == 10
    assert "<" not in markdown(name).replace("\\<", "")


def test_a_space_can_carry_the_file_alone() -> None:
    tree = ast.parse(Path(ranking.__file__).read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names
