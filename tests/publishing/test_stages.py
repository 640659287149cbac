"""The list of what a publish does, and what is still done when a part of it fails, against the embedded Hub."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from factory.cli import main
from factory.errors import FactoryError
from factory.graph.nodes import Graph
from factory.graph.run import Runner
from factory.hub.client import api
from factory.profile import Profile
from factory.publishing.stages import Execution, Listener, Report, stages
from factory.step.progress import quiet
from tests.shelf import RECIPE, build, shelf

BRANCH = """\
  broken:
    from: ./parts
    license: cc-by-4.0
    steps:
      - columns: {q: nowhere}
      - dedup: {on: [q]}
    publish: shelf-broken
models:
"""


def branched(folder: Path, text: str = RECIPE) -> Graph:
    """With a dataset whose columns no plan knows, since later files may bring more."""
    (folder / "parts").mkdir()
    for name in ("a", "b"):
        (folder / "parts" / f"{name}.jsonl").write_text('{"en": "x", "ar": "y"}\n')
    return build(shelf(folder, text.replace("models:\n", BRANCH, 1)))


def own_names(text: str = RECIPE) -> str:
    """The recipe with repos that no other test uses."""
    mark = f"t{uuid.uuid4().hex[:8]}"
    return (
        text.replace("shelf-", f"{mark}-").replace("repo: Shelf", f"repo: S{mark}").replace("n: Shelf", f"n: {mark}")
    )


def execute(graph: Graph, *listeners: Listener, profile: Profile | None = None) -> Report:
    runner = Runner(graph, profile or Profile(device="cpu", threads=1), quiet())
    return Execution(runner, listeners=list(listeners)).run(stages(graph))


def names(stages: Any) -> list[str]:
    return [stage.name for stage in stages]


def repo(graph: Graph, name: str) -> str:
    recipe = graph.loaded.recipe
    spec: Any = recipe.datasets.get(name) or recipe.models[name]
    return f"factory/{spec.publish.repo}"


def space_of(report: Report) -> dict[str, Any]:
    path = api().hf_hub_download(report.pushed["Space"].repo_id, "space.json", repo_type="space")
    return json.loads(Path(path).read_text(encoding="utf-8"))


def members(report: Report) -> set[str]:
    return {item.item_id for item in api().get_collection(report.pushed["Collection"].repo_id).items}


def without(graph: Graph, name: str, fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a finished node away; making it again ends in `fault`."""
    node = graph.nodes[name]
    node.folder.rename(node.folder.with_name("away"))

    def refuse(*_: Any) -> None:
        raise fault

    monkeypatch.setattr(type(node.step), "run", refuse)


def test_each_stage_stands_behind_what_it_needs_and_leaves_as_soon_as_it_can(tmp_path: Path) -> None:
    listed = stages(shelf(tmp_path))
    order = names(listed)
    assert order == [
        "build local/pairs.jsonl", "push questions", "build pairs/01-columns", "build judge/01-init",
        "build base/01-init", "build pairs/02-judge", "push pairs", "build quiz/base", "build tuned/01-sft",
        "build quiz/tuned", "push base", "gate tuned", "push tuned", "space factory/Shelf", "collection Shelf",
    ]  # fmt: skip
    for stage in listed:
        assert all(order.index(need) < order.index(stage.name) for need in stage.needs)
    needs = {stage.name: set(stage.needs) for stage in listed}
    assert needs["gate tuned"] == {"build tuned/01-sft", "build quiz/tuned", "build quiz/base"}
    assert needs["push tuned"] == {"build tuned/01-sft", "gate tuned"}
    assert needs["push base"] == {"build base/01-init"} and not needs["space factory/Shelf"]
    assert all(stage.place.file.name == "shelf.yaml" for stage in listed)


def test_plan_shows_the_stages_in_the_order_in_which_publish_does_them(tmp_path: Path) -> None:
    graph = shelf(tmp_path)
    plan = ["plan", str(graph.loaded.path), "--store", str(graph.store.root), "--hub", "local"]
    shown = json.loads(CliRunner().invoke(main, [*plan, "--json"]).stdout)["stages"]
    assert [f"{entry['stage']} {entry['subject']}" for entry in shown] == names(stages(graph))
    assert {entry["state"] for entry in shown if entry["stage"] == "build"} == {"new"}
    lines = [line.split()[:2] for line in CliRunner().invoke(main, plan).stdout.splitlines()]
    begin = lines.index(["stage", "state"]) + 1
    assert lines[begin : begin + len(shown)] == [name.split() for name in names(stages(graph))]


@pytest.mark.usefixtures("embedded_hub")
def test_a_failed_gate_holds_back_its_model_alone(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path, own_names()), tuned=38.0)
    report = execute(graph)
    assert names(report.failed) == ["gate tuned"] and names(report.left_out) == ["push tuned"]
    assert set(report.pushed) == {"pairs", "questions", "base", "Space", "Collection"}
    assert not api().repo_exists(repo(graph, "tuned"))
    assert members(report) == {item.repo_id for name, item in report.pushed.items() if name != "Collection"}
    shown = space_of(report)
    assert shown["models"] == []
    (table,) = [table for table in shown["board"] if table["name"] == "quiz"]
    assert {row["model"] for row in table["sections"][0]["rows"]} == {"tuned", repo(graph, "base")}
    with pytest.raises(FactoryError, match="tuned is not pushed, 1 of 1 gates failed: quiz >= base") as caught:
        report.require_success()
    assert caught.value.exit_code == 1


@pytest.mark.usefixtures("embedded_hub")
def test_a_failed_push_loses_nothing_else(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path, own_names()))
    api().create_repo(repo(graph, "pairs"), repo_type="dataset")
    api().upload_file(path_or_fileobj=b"x", path_in_repo="mine.txt", repo_id=repo(graph, "pairs"), repo_type="dataset")
    report = execute(graph)
    [(stage, error)] = report.failed.items()
    assert stage.name == "push pairs" and "not ours" in str(error) and not report.left_out
    assert set(report.pushed) == {"questions", "base", "tuned", "Space", "Collection"}
    assert [model["repo"] for model in space_of(report)["models"]] == [repo(graph, "tuned")]


@pytest.mark.usefixtures("embedded_hub")
@pytest.mark.parametrize("fault", [FactoryError("no memory left"), ValueError("unforeseen")])
def test_a_failed_step_leaves_out_what_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    graph = build(shelf(tmp_path, own_names()))
    without(graph, "pairs/02-judge", fault, monkeypatch)
    without(graph, "tuned/01-sft", AssertionError("is not tried"), monkeypatch)
    without(graph, "quiz/tuned", AssertionError("is not tried"), monkeypatch)
    report = execute(graph)
    [(stage, error)] = report.failed.items()
    assert stage.name == "build pairs/02-judge" and "shelf.yaml:15:9" in str(error) and str(fault) in str(error)
    assert names(report.left_out) == [
        "push pairs", "build tuned/01-sft", "build quiz/tuned", "gate tuned", "push tuned",
    ]  # fmt: skip
    assert {cause.name for cause in report.left_out.values()} == {"build pairs/02-judge"}
    assert set(report.pushed) == {"questions", "base", "Space", "Collection"}


@pytest.mark.usefixtures("embedded_hub")
def test_a_failed_evaluation_holds_back_the_gates_on_it_and_no_other_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = build(shelf(tmp_path, own_names()))
    without(graph, "quiz/tuned", FactoryError("the benchmark is gone"), monkeypatch)
    report = execute(graph)
    assert names(report.failed) == ["build quiz/tuned"]
    assert names(report.left_out) == ["gate tuned", "push tuned"]
    assert set(report.pushed) == {"pairs", "questions", "base", "Space", "Collection"}


@pytest.mark.usefixtures("embedded_hub")
def test_a_card_that_cannot_be_rendered_is_one_failure_with_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = build(shelf(tmp_path, own_names()))
    monkeypatch.setattr("factory.publishing.cards.model.score_tables", lambda *_: 1 / 0)
    report = execute(graph)
    assert names(report.failed) == ["push base", "push tuned"]
    assert set(report.pushed) == {"pairs", "questions", "Space", "Collection"}
    for error in report.failed.values():
        assert "ZeroDivisionError" in str(error) and "shelf.yaml" in str(error)
    assert sorted(path.name for path in (graph.store.root / "logs").glob("push-*")) == [
        "push-base.log",
        "push-tuned.log",
    ]


def test_an_interrupt_stops_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = build(shelf(tmp_path))
    without(graph, "pairs/01-columns", KeyboardInterrupt(), monkeypatch)
    heard = []

    @contextmanager
    def listen(kind: str, subject: str) -> Iterator[None]:
        heard.append(f"{kind} {subject}")
        if kind == "push":
            raise FactoryError("not now")
        yield

    with pytest.raises(KeyboardInterrupt):
        execute(graph, listen)
    assert heard == ["build local/pairs.jsonl", "push questions", "build pairs/01-columns"]


@pytest.mark.usefixtures("embedded_hub")
def test_publish_says_what_failed_and_what_was_left_out_and_exits_with_1(tmp_path: Path) -> None:
    graph = branched(tmp_path, own_names())
    for name in ("broken/01-columns", "broken/02-dedup"):
        graph.nodes[name].folder.rename(tmp_path / name.replace("/", "-"))
    publish = ["publish", str(graph.loaded.path), "--store", str(graph.store.root), "--hub", "remote"]
    done = CliRunner().invoke(main, [*publish, "--json"])
    assert done.exit_code == 1, done.output
    said = json.loads(done.stdout)
    [failed] = said["failed"]
    assert failed["stage"] == "build broken/01-columns"
    assert "no column 'nowhere'" in failed["error"] and failed["place"].endswith("shelf.yaml:25:9")
    assert [(entry["stage"], entry["because"]) for entry in said["left_out"]] == [
        ("build broken/02-dedup", "build broken/01-columns"), ("push broken", "build broken/01-columns"),
    ]  # fmt: skip
    assert set(said["pushed"]) == {"pairs", "questions", "base", "tuned", "Space", "Collection"}
    assert "no column 'nowhere'" in done.stderr
    shown = CliRunner().invoke(main, publish)
    assert shown.exit_code == 1
    for words in ("build broken/01-columns", "left out", "up to date", "needs build broken/01-columns"):
        assert words in shown.stdout


@pytest.mark.usefixtures("embedded_hub")
def test_build_goes_on_with_what_does_not_need_the_failed_step(tmp_path: Path) -> None:
    graph = branched(tmp_path)
    for name in ("broken/01-columns", "broken/02-dedup", "pairs/01-columns"):
        graph.nodes[name].folder.rename(tmp_path / name.replace("/", "-"))
    arguments = ["build", str(graph.loaded.path), "pairs", "broken", "--store", str(graph.store.root), "--json"]
    done = CliRunner().invoke(main, [*arguments, "--hub", "remote"])
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert said["built"] == ["pairs/01-columns"] and "pairs/02-judge" in said["done"] and not said["pushed"]
    assert [entry["stage"] for entry in said["left_out"]] == ["build broken/02-dedup"]
