"""What a plan compares with: that which the recipe itself made or used, in a store that others share."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from factory.errors import FactoryError
from factory.graph.nodes import Graph, build_graph
from factory.graph.plan import make_plan
from factory.graph.sources import FORESEEN_ROWS
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Manifest, Store
from tests.support import build

RECIPE = """\
recipe: 1
name: NAME
language: {source: en, target: ar}
hub: {namespace: me}
datasets:
  teacher:
    from: {demo: instructions, rows: 40}
    steps:
      - columns: {q: question}
      - sample: {n: 10, seed: SEED}
"""
INCLUDING = """\
recipe: 1
name: NAME
language: {source: en, target: ar}
hub: {namespace: me}
include: [part.yaml]
"""


def recipe(folder: Path, name: str, seed: int = 0) -> Graph:
    path = folder / f"{name}.yaml"
    path.write_text(RECIPE.replace("NAME", name).replace("SEED", str(seed)))
    return graph(folder, path)


def including(folder: Path, name: str, seed: int = 0) -> Graph:
    (folder / "part.yaml").write_text(RECIPE[RECIPE.index("datasets") :].replace("SEED", str(seed)))
    path = folder / f"{name}.yaml"
    path.write_text(INCLUDING.replace("NAME", name))
    return graph(folder, path)


def graph(folder: Path, path: Path) -> Graph:
    return build_graph(load(path), Store(folder / "store"), Resolver(folder / "x.lock", online=False))


def states(planned: Graph) -> dict[str, tuple[str, list[str]]]:
    plan = make_plan(planned)
    return {name: (entry.state, entry.because) for name, entry in plan.nodes.items() if entry.state != "done"}


def test_what_another_recipe_made_under_the_same_name_is_no_change(tmp_path: Path) -> None:
    build(recipe(tmp_path, "one"))
    assert states(recipe(tmp_path, "one", seed=1)) == {"teacher/02-sample": ("changed", ["sample.seed"])}
    assert states(recipe(tmp_path, "two", seed=1)) == {"teacher/02-sample": ("new", [])}


def test_what_a_recipe_found_done_is_its_own_from_then_on(tmp_path: Path) -> None:
    first = including(tmp_path, "one")
    build(first)
    assert build(including(tmp_path, "two")).built == []
    assert states(including(tmp_path, "two")) == {}
    manifest = Manifest.load(first.final("teacher").folder)
    assert manifest is not None and manifest.recipes == ["one", "two"]
    for name in ("one", "two"):
        assert states(including(tmp_path, name, seed=3)) == {"teacher/02-sample": ("changed", ["sample.seed"])}
    assert states(including(tmp_path, "three", seed=3)) == {"teacher/02-sample": ("new", [])}


def test_a_renamed_recipe_finds_its_work_done(tmp_path: Path) -> None:
    build(recipe(tmp_path, "one"))
    assert states(recipe(tmp_path, "renamed")) == {}
    assert build(recipe(tmp_path, "renamed")).built == []
    assert states(recipe(tmp_path, "renamed", seed=1)) == {"teacher/02-sample": ("changed", ["sample.seed"])}


def test_a_store_made_before_manifests_named_recipes_is_read(tmp_path: Path) -> None:
    made = recipe(tmp_path, "one")
    build(made)
    for node in made.nodes.values():
        manifest = Manifest.load(node.folder)
        assert manifest is not None
        manifest.model_copy(update={"recipes": []}).save(node.folder)
    assert states(recipe(tmp_path, "one")) == {}
    assert states(recipe(tmp_path, "one", seed=1)) == {"teacher/02-sample": ("changed", ["sample.seed"])}
    assert build(recipe(tmp_path, "one")).built == []
    assert states(recipe(tmp_path, "two", seed=1)) == {"teacher/02-sample": ("new", [])}


def test_a_cause_is_named_in_the_words_of_the_recipe(tmp_path: Path) -> None:
    """Whatever older words the identity keeps."""

    def deduplicated(columns: str) -> Graph:
        path = tmp_path / "one.yaml"
        text = RECIPE.replace("NAME", "one").replace("{q: question}", "{q: question, r: response}")
        step = f"dedup: {{columns: {columns}}}"
        path.write_text(text.replace("sample: {n: 10, seed: SEED}", step))
        return graph(tmp_path, path)

    build(deduplicated("[q]"))
    assert states(deduplicated("[r]")) == {"teacher/02-dedup": ("changed", ["dedup.columns"])}


LOCAL = """\
recipe: 1
name: local
language: {source: en, target: ar}
hub: {namespace: me}
datasets:
  checked:
    from: ./FILE
    steps:
      - dedup: {columns: [question]}
      - filter: {checks: [empty, length_ratio]}
"""


def refused(folder: Path, file: str) -> list[str]:
    (path := folder / "local.yaml").write_text(LOCAL.replace("FILE", file))
    return [str(error) for error in make_plan(graph(folder, path)).unreadable()]


@pytest.mark.parametrize("file", ["rows.jsonl", "rows.csv", "rows.parquet"])
def test_a_step_that_lacks_a_column_of_a_local_file_is_refused_before_any_work(tmp_path: Path, file: str) -> None:
    write_rows(tmp_path / file, [{"question": "a", "answer": "b"}] * 3)
    [said] = refused(tmp_path, file)
    assert "local.yaml:10:9: no pair of columns x and x_ar: question, answer" in said and "say which" in said
    write_rows(tmp_path / file, [{"question": "a", "question_ar": "b"}] * 3)
    assert refused(tmp_path, file) == []


def test_columns_that_later_rows_may_bring_refuse_nothing(tmp_path: Path) -> None:
    rows = [{"question": "a", "answer": "b"}] * FORESEEN_ROWS + [{"question": "a", "question_ar": "b"}]
    write_rows(tmp_path / "rows.jsonl", rows)
    assert refused(tmp_path, "rows.jsonl") == []
    (tmp_path / "rows").mkdir()
    write_rows(tmp_path / "rows" / "a.parquet", [{"question": "a"}])
    write_rows(tmp_path / "rows" / "b.parquet", [{"question": "a", "question_ar": "b"}])
    assert refused(tmp_path, "rows") == []


def test_a_file_that_was_loaded_is_looked_at_again_for_the_steps_to_come(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv", [{"question": "a", "answer": "b"}])
    (path := tmp_path / "local.yaml").write_text(LOCAL.replace("FILE", "rows.csv"))
    with pytest.raises(FactoryError, match="no pair of columns"):
        build(graph(tmp_path, path))
    assert len(refused(tmp_path, "rows.csv")) == 1


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return
    table = pa.Table.from_pylist(rows)
    (pq.write_table if path.suffix == ".parquet" else csv.write_csv)(table, path)
