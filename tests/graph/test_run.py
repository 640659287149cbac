"""Graph, plan and run together, on steps that need no model."""

from pathlib import Path

import pytest

from factory.errors import FactoryError
from factory.graph.nodes import Graph, build_graph
from factory.graph.plan import make_plan
from factory.recipe import RecipeError, load
from factory.recipe.lock import Resolver
from factory.store import Dataset, Manifest, Store
from tests.support import build as run

RECIPE = """\
recipe: 1
name: small
language: {source: en, target: ar}
hub: {namespace: me}
datasets:
  a:
    from: {demo: instructions, rows: 60, seed: 1}
    steps:
      - columns: {q: question, a: response}
      - dedup: {columns: [q]}
  b:
    from: a
    steps:
      - sample: {n: 10, seed: 0}
  c:
    from: {demo: alpaca, rows: 20}
    steps:
      - columns: {q: instruction, a: output}
  d:
    steps:
      - mix: {datasets: [b, c], seed: 0}
"""


def graph_of(folder: Path, text: str = RECIPE) -> Graph:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return build_graph(load(path), Store(folder / "store"), Resolver(folder / "x.lock", online=False))


def test_a_run_builds_each_step_once_and_a_repeat_builds_nothing(tmp_path: Path) -> None:
    first = run(graph_of(tmp_path))
    assert set(first.built) == {
        "a/00-load", "a/01-columns", "a/02-dedup", "b/01-sample", "c/00-load", "c/01-columns", "d/01-mix",
    }  # fmt: skip
    graph = graph_of(tmp_path)
    again = run(graph)
    assert again.built == []
    assert len(again.done) == len(first.built)
    rows = list(Dataset(graph.final("d").folder).rows())
    assert len(rows) == 30
    assert set(rows[0]) == {"q", "a"}


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    graph = graph_of(tmp_path)
    run(graph)
    for node in graph.order():
        manifest = Manifest.load(node.folder)
        assert manifest is not None and manifest.rows is not None
        assert manifest.rows.balanced
        dataset = Dataset(node.folder)
        assert sum(dataset.num_rows(split) for split in dataset.splits) == manifest.rows.kept


def test_only_what_is_needed_is_built(tmp_path: Path) -> None:
    assert set(run(graph_of(tmp_path), "c").built) == {"c/00-load", "c/01-columns"}


def test_a_changed_parameter_changes_what_depends_on_it_and_nothing_else(tmp_path: Path) -> None:
    run(graph_of(tmp_path))
    plan = make_plan(graph_of(tmp_path, RECIPE.replace("columns: [q]", "columns: [q, a]")))
    assert {entry.node.artifact for entry in plan.todo} == {"a", "b", "d"}
    assert plan.nodes["a/01-columns"].state == "done"
    assert plan.nodes["a/02-dedup"].because == ["dedup.columns"]
    assert plan.nodes["b/01-sample"].because == ["input a"]
    assert plan.nodes["d/01-mix"].because == ["input b"]


def test_a_new_name_for_the_same_thing_is_no_change_of_identity(tmp_path: Path) -> None:
    before = graph_of(tmp_path)
    after = graph_of(tmp_path, RECIPE.replace("  b:\n", "  z:\n").replace("[b, c]", "[z, c]"))
    assert before.final("d").fingerprint == after.final("d").fingerprint


def test_a_plan_touches_nothing(tmp_path: Path) -> None:
    make_plan(graph_of(tmp_path))
    assert not (tmp_path / "store").exists()


def test_a_wrong_column_of_a_known_source_is_found_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"recipe\.yaml:18:9: no column 'outputs' \(did you mean 'output'\?\)"):
        graph_of(tmp_path, RECIPE.replace("a: output}", "a: outputs}"))


def test_a_failing_step_keeps_what_was_finished_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"q": "one"}\n')
    text = "datasets:\n  a:\n    from: ./rows.jsonl\n    steps:\n      - columns: {x: gone}\n"
    graph = graph_of(tmp_path, RECIPE.partition("datasets:")[0] + text)
    with pytest.raises(FactoryError, match=r"recipe\.yaml:9:9.*'gone'"):
        run(graph)
    assert Manifest.load(graph.nodes["local/rows.jsonl"].folder) is not None


def test_an_unforeseen_error_is_one_line_and_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = graph_of(tmp_path)
    monkeypatch.setattr("factory.graph.sources.write_rows", lambda *a, **k: 1 / 0)
    with pytest.raises(FactoryError, match="a/00-load failed: ZeroDivisionError") as caught:
        run(graph, "a")
    (log,) = (tmp_path / "store" / "logs").glob("*--*.log")  # beside the log of the whole run
    assert str(log) in str(caught.value)
    assert "Traceback" in log.read_text()


def test_local_files_are_part_of_the_identity(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"q": "one", "n": 1}\n{"q": "two", "n": 2}\n')
    text = RECIPE.partition("datasets:")[0] + "datasets:\n  a: {from: ./rows.jsonl, split: 'train[1:]'}\n"
    graph = graph_of(tmp_path, text)
    run(graph)
    assert list(Dataset(graph.final("a").folder).rows()) == [{"q": "two", "n": 2}]
    (tmp_path / "rows.jsonl").write_text('{"q": "one", "n": 1}\n{"q": "three", "n": 2}\n')
    assert graph_of(tmp_path, text).final("a").fingerprint != graph.final("a").fingerprint


@pytest.mark.parametrize(
    ("name", "content", "number"),
    [
        ("rows.csv", "q,n\none,1\n", "1"),
        ("rows.tsv", "q\tn\none\t1\n", "1"),
        ("rows.json", '[{"q": "one", "n": 1}]', 1),
    ],
)
def test_local_formats(tmp_path: Path, name: str, content: str, number: object) -> None:
    (tmp_path / name).write_text(content)
    graph = graph_of(tmp_path, RECIPE.partition("datasets:")[0] + f"datasets:\n  a: {{from: ./{name}}}\n")
    run(graph)
    assert list(Dataset(graph.final("a").folder).rows()) == [{"q": "one", "n": number}]


def test_a_tsv_without_a_header_and_with_quotation_marks(tmp_path: Path) -> None:
    (tmp_path / "rows.tsv").write_text('He said "go\tقال\nWhat?\t"ماذا؟"\n', encoding="utf-8")
    text = "datasets:\n  a: {from: ./rows.tsv, column_names: [en, ar]}\n"
    graph = graph_of(tmp_path, RECIPE.partition("datasets:")[0] + text)
    run(graph)
    expected = [{"en": 'He said "go', "ar": "قال"}, {"en": "What?", "ar": '"ماذا؟"'}]
    assert list(Dataset(graph.final("a").folder).rows()) == expected


def test_saved_datasets_and_folders_of_parquet(tmp_path: Path) -> None:
    import datasets

    datasets.Dataset.from_list([{"q": "one"}]).save_to_disk(str(tmp_path / "saved"))
    (tmp_path / "folder").mkdir()
    datasets.Dataset.from_list([{"q": "two"}]).to_parquet(str(tmp_path / "folder" / "x.parquet"))
    text = RECIPE.partition("datasets:")[0] + "datasets:\n  a: {from: ./saved}\n  b: {from: ./folder}\n"
    graph = graph_of(tmp_path, text)
    run(graph)
    assert [list(Dataset(graph.final(name).folder).rows()) for name in "ab"] == [[{"q": "one"}], [{"q": "two"}]]


@pytest.mark.parametrize("content", ["", '{"q": \n', "not json at all\n"])
def test_an_empty_or_broken_file_is_one_clear_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "rows.jsonl").write_text(content)
    graph = graph_of(tmp_path, RECIPE.partition("datasets:")[0] + "datasets:\n  a: {from: ./rows.jsonl}\n")
    with pytest.raises(FactoryError, match=r"rows\.jsonl(:1)?: ") as caught:
        run(graph)
    assert "\n" not in str(caught.value)
