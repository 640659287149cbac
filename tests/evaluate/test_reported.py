"""What papers report: as they print it, and held against itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.evaluate.ranking import Table, average, places
from factory.evaluate.reported import reported_tables
from factory.recipe import load

RECIPES = Path(__file__).parents[2] / "recipes"
BY_NAME = {table.table.name: table.table for table in reported_tables()}


def means(table: Table) -> dict[str, float]:
    found = {row.model: average(table, row) for row in table.sections[0].rows}
    return {model: round(mean.value, 3) for model, mean in found.items() if mean}


def test_hala_and_ain_are_there_whole() -> None:
    assert {table.paper: 0 for table in reported_tables()}.keys() == {"2509.14008", "2502.00094"}
    sizes = {name: (len(table.sections[0].rows), len(table.columns)) for name, table in BY_NAME.items()}
    assert sizes == {
        "oall-v2": (23, 6),
        "mmlu-translation": (4, 3),
        "camel-bench": (13, 8),
        "arXiv 2502.00094, Table 2: ArabicMMLU": (2, 1),
        "arXiv 2502.00094, Table 3: English": (2, 10),
    }
    assert all(section.origin == "reported" and section.source for t in BY_NAME.values() for section in t.sections)


def test_a_printed_average_that_is_no_mean_of_its_row_is_recomputed() -> None:
    wrong = {row.model: row.printed for t in BY_NAME.values() for row in t.sections[0].rows if row.printed}
    assert wrong == {"Gemini-1.5-Pro": 52.38}
    assert means(BY_NAME["camel-bench"])["Gemini-1.5-Pro"] == pytest.approx(43.075)
    assert means(BY_NAME["oall-v2"])["HALA-9B"] == 69.9, "as printed, where rounding explains the difference"


def test_ranks_are_those_of_the_papers() -> None:
    hala = BY_NAME["oall-v2"]
    first = [place.row.model for place in places(hala, hala.sections[0])[:2]]
    assert first == ["HALA-9B", "QCRI/Fanar-1-9B-Instruct"]


@pytest.mark.parametrize("name", ["hala-350m", "hala-700m", "hala-1.2b", "hala-9b", "ain-7b"])
def test_recipes_quote_the_same_numbers(name: str) -> None:
    recipe = load(RECIPES / f"{name}.yaml").recipe
    spec = recipe.models[name]
    assert spec.reported
    [table] = [BY_NAME[suite] for suite in ("oall-v2", "camel-bench") if suite in spec.reported.scores]
    row = next(row for row in table.sections[0].rows if row.model.lower() == name)
    for key, value in spec.reported.scores.items():
        _, _, score = key.partition(".")
        quoted = row.cells[score].value if score and score in row.cells else average(table, row)
        quoted = quoted if isinstance(quoted, float) or quoted is None else round(quoted.value, 2)
        assert quoted == value, key
