"""What a plan compares with: that which the recipe itself made or used, in a store that others share."""

from __future__ import annotations

from pathlib import Path

from factory.graph.nodes import Graph, build_graph
from factory.graph.plan import make_plan
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
