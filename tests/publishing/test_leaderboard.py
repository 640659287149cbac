"""The leaderboard of a recipe: what was measured in its store, facts of its models, and papers beside it."""

from __future__ import annotations

from pathlib import Path

from factory.evaluate.board import BoardEntry
from factory.evaluate.ranking import Table, places
from factory.graph.nodes import build_graph
from factory.publishing.leaderboard import measured_tables, model_facts, overview, recipe_tables
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Store
from tests.shelf import RECIPE, build, shelf

RECIPES = Path(__file__).parents[2] / "recipes"


def entry(
    suite: str, model: str, value: float, protocol: str = "p", metric: str = "accuracy", **details: object
) -> BoardEntry:
    score = {"value": value, "metric": metric, "low": value - 1, "high": value + 1, "n": 9}
    return BoardEntry(suite, protocol, model, "s", "acc", {"acc": score}, "2026-01-02T03:04:05", "r", details)


def tables(*entries: BoardEntry) -> list[Table]:
    return measured_tables(entries, lambda model: {"model": model})


def test_a_row_says_what_the_model_is(tmp_path: Path) -> None:
    quiz = next(table for table in recipe_tables(build(shelf(tmp_path))) if table.name == "quiz")
    measured, quoted = quiz.sections
    tuned, base = (place.row for place in places(quiz, measured))
    assert (tuned.model, tuned.kind, tuned.license, tuned.base) == (
        "tuned",
        "tuned",
        "cc-by-4.0",
        "factory/shelf-base",
    )
    assert tuned.parameters == base.parameters == 37152 and not tuned.nominal and len(tuned.revision) == 12
    assert (base.kind, base.base) == ("pretrained", "") and tuned.date == "2026-01-01"
    assert tuned.cells["acc"].low == 49 and tuned.cells["acc"].n == 300

    [row] = quoted.rows
    assert quoted.origin == "reported" and "arXiv" not in quoted.title
    assert row.cells["acc"].value == 51.4 and row.cells["acc"].low is None


def test_a_model_of_the_hub_bears_what_its_bases_ask(tmp_path: Path) -> None:
    graph = build_graph(load(RECIPES / "hala-9b.yaml"), Store(tmp_path), Resolver(tmp_path / "lock", online=False))
    fanar = model_facts(graph, "QCRI/Fanar-1-9B-Instruct")
    assert (fanar["model"], fanar["license"], fanar["kind"]) == ("QCRI/Fanar-1-9B-Instruct", "gemma", "base")


def test_a_paper_stands_under_the_suite_that_measures_the_same(tmp_path: Path) -> None:
    graph = build_graph(
        load(RECIPES / "hala-1.2b.yaml"), Store(tmp_path / "s"), Resolver(tmp_path / "lock", online=False)
    )
    found = {table.name: [section.title for section in table.sections] for table in recipe_tables(graph)}
    assert found["oall-v2"] == ["arXiv 2509.14008, Table 1"]
    assert found["mmlu-translation"] == ["arXiv 2509.14008, Table 2"]


def test_two_protocols_never_share_a_section_and_say_how_they_differ() -> None:
    [table] = tables(
        entry("quiz", "a", 1, "p", seed=1), entry("quiz", "b", 2, "q", seed=2), entry("quiz", "c", 3, "p", seed=1)
    )
    assert [(section.title, [row.model for row in section.rows]) for section in table.sections] == [
        ("Measured here: seed 1", ["a", "c"]),
        ("Measured here: seed 2", ["b"]),
    ]


def test_several_suites_have_an_overview_that_averages_what_is_alike() -> None:
    whole = overview(
        tables(entry("ar", "a", 50), entry("en", "a", 60), entry("mt", "a", 7, metric="bleu"), entry("ar", "b", 90))
    )
    assert whole and whole.averaged == ["ar", "en"] and [column.name for column in whole.columns] == ["ar", "en", "mt"]
    first, second = places(whole, whole.sections[0])
    assert (first.row.model, first.rank, first.average and first.average.value) == ("a", 1, 55)
    assert (second.row.model, second.rank, second.missing) == ("b", None, ("en", "mt"))
    assert overview(tables(entry("ar", "a", 50))) is None
    assert overview(tables(entry("ar", "a", 50), entry("ar", "b", 50, "q"), entry("en", "a", 1))) is None


def test_one_score_of_percent_is_no_average() -> None:
    whole = overview(tables(entry("ar", "a", 50), entry("mt", "a", 7, metric="bleu")))
    assert whole and whole.averaged == []


def test_before_anything_is_measured_there_is_only_what_is_reported(tmp_path: Path) -> None:
    found = recipe_tables(shelf(tmp_path, RECIPE))
    assert found and all(section.origin == "reported" for table in found for section in table.sections)
