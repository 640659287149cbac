"""A whole publish before a Hub in trouble: the rest is done, and what met the trouble is tried again at the end."""

from __future__ import annotations

from pathlib import Path

from factory.hub.client import api
from factory.step.run_log import log_file
from tests.faults.proxy import PASSING, Fault, Faults
from tests.publishing.test_stages import execute, members, names, own_names, repo
from tests.shelf import build, shelf

OUT_OF_ORDER = Fault("out of order", 503)
ALL = {"pairs", "questions", "base", "tuned", "Space", "Collection"}


def test_what_the_hub_had_no_answer_to_is_tried_again_when_all_else_is_done(
    tmp_path: Path, faults: Faults, waits: list[float]
) -> None:
    graph = build(shelf(tmp_path, own_names()))
    pairs, tuned = repo(graph, "pairs"), repo(graph, "tuned")

    def plan(request: str, number: int) -> Fault | None:
        """There is nothing to be had of one repo until another one has got its commit."""
        there = any(f"{tuned}/commit" in asked for asked in faults.requests)
        return OUT_OF_ORDER if pairs in request and not there else None

    faults.plan = plan
    report = execute(graph)
    assert faults.met and not report.failed and not report.left_out
    assert set(report.pushed) == ALL
    assert members(report) == {item.repo_id for name, item in report.pushed.items() if name != "Collection"}


def test_what_left_before_a_second_try_shows_what_it_brought(
    tmp_path: Path, faults: Faults, waits: list[float]
) -> None:
    """Models tell their results to the repo of the questions; the collection gathers the Space."""
    graph = build(shelf(tmp_path, own_names()))
    recipe = graph.loaded.recipe
    assert recipe.space is not None
    tuned, space = repo(graph, "tuned"), recipe.in_namespace(recipe.space.repo)
    late = {repo(graph, "questions"): f"{tuned}/commit", space: "/api/collections/"}

    def plan(request: str, number: int) -> Fault | None:
        waiting = [name for name, until in late.items() if not any(until in asked for asked in faults.requests)]
        return OUT_OF_ORDER if any(name in request for name in waiting) else None

    faults.plan = plan
    report = execute(graph)
    assert faults.met and not report.failed and not report.left_out and set(report.pushed) == ALL
    assert all(item.changed for item in report.pushed.values())
    for name in ("base", "tuned"):
        assert ".eval_results/quiz.yaml" in api().list_repo_files(repo(graph, name))
    assert members(report) == {item.repo_id for name, item in report.pushed.items() if name != "Collection"}


def test_what_stays_out_of_order_fails_alone_and_is_told(tmp_path: Path, faults: Faults, waits: list[float]) -> None:
    graph = build(shelf(tmp_path, own_names()))
    faults.always(repo(graph, "pairs"), OUT_OF_ORDER)
    report = execute(graph)
    assert names(report.failed) == ["push pairs"] and not report.left_out
    assert set(report.pushed) == ALL - {"pairs"}
    assert "the Hub answered 503" in str(report.failed.popitem()[1])
    log = log_file(graph.store.root, "shelf").read_text("utf-8")
    for said in (
        "answered 503; asking again in 1 s",
        "push pairs failed: ",
        "trying again what the Hub had no answer",
    ):
        assert said in log


def test_no_passing_trouble_ends_a_publish(tmp_path: Path, faults: Faults, waits: list[float]) -> None:
    """Each of the twenty, one after the other, every third request of one publish with its Space and collection."""
    graph = build(shelf(tmp_path, own_names()))
    turns = iter(PASSING * 10)
    faults.plan = lambda request, number: next(turns) if number % 3 == 1 else None
    report = execute(graph)
    assert faults.met >= len(PASSING), faults.requests
    assert not report.failed and not report.left_out and set(report.pushed) == ALL
