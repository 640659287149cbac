"""Finished work that is not as it was written never reaches the Hub; the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from factory.errors import FactoryError
from factory.graph.nodes import Graph
from factory.hub.client import api
from factory.look.rows import of_artifact
from factory.publishing.artifacts import publish, render_card
from factory.store import Manifest
from tests.publishing.test_stages import execute, own_names
from tests.shelf import build, shelf

pytestmark = pytest.mark.usefixtures("embedded_hub")


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return build(shelf(tmp_path, own_names()))


def cut_rows(path: Path) -> None:
    """A whole Parquet file of fewer rows."""
    pq.write_table(pq.read_table(path).slice(0, 1), path)


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def one_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


CASES: dict[str, tuple[str, str, Callable[[Path], None]]] = {
    "rows": ("pairs", "data/train-00000.parquet", cut_rows),
    "torn": ("pairs", "data/train-00000.parquet", half),
    "rejected": ("pairs", "rejected/train-00000.parquet", one_byte),
    "byte": ("pairs", "data/train-00000.parquet", one_byte),
    "weights": ("base", "model/model.safetensors", half),
    "weight": ("base", "model/model.safetensors", one_byte),
    "tokenizer": ("base", "model/tokenizer.json", one_byte),
    "no rows left": ("pairs", "data/train-00000.parquet", Path.unlink),
    "no weights left": ("base", "model/model.safetensors", Path.unlink),
    "gone": ("base", "model/config.json", Path.unlink),
}


@pytest.mark.parametrize("case", CASES)
def test_damage_is_told_and_nothing_of_it_is_pushed(graph: Graph, case: str) -> None:
    name, file, harm = CASES[case]
    folder = graph.final(name).folder
    harm(folder / file)
    report = execute(graph)
    errors = {stage.name: str(error) for stage, error in report.failed.items()}
    assert list(errors) == [f"push {name}"], errors
    assert f"is damaged: {file}" in errors[f"push {name}"] and f"delete {folder}" in errors[f"push {name}"]
    assert {"pairs", "questions", "base", "tuned", "Space", "Collection"} - {name} == set(report.pushed)
    spec = {**graph.loaded.recipe.datasets, **graph.loaded.recipe.models}[name]
    kind = "dataset" if name == "pairs" else "model"
    assert spec.publish and not api().repo_exists(f"factory/{spec.publish.repo}", repo_type=kind)


def test_a_repeat_with_nothing_to_push_reads_no_file(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(graph, "base")
    monkeypatch.setattr("factory.store.writing.digest_of", lambda path: pytest.fail(f"{path} is read"))
    assert not publish(graph, "base").changed


def test_a_damaged_input_stops_only_what_needs_it(graph: Graph) -> None:
    from factory.graph.nodes import Edge
    from factory.graph.run import Runner
    from factory.profile import Profile
    from factory.step.progress import quiet

    half(graph.final("base").folder / "model" / "model.safetensors")
    runner = Runner(graph, Profile(device="cpu", threads=1), quiet())
    with pytest.raises(FactoryError, match=r"is damaged: model/model\.safetensors has"):
        runner.artifact(Edge(graph.final("base").name))
    runner.artifact(Edge(graph.final("pairs").name))


def test_what_was_made_before_digests_were_kept_is_pushed_with_a_note(graph: Graph) -> None:
    node = graph.final("base")
    manifest = Manifest.load(node.folder)
    assert manifest is not None
    manifest.files = None
    manifest.save(node.folder)
    pushed = publish(graph, "base")
    assert pushed.changed and f"{node.name}: made before digests were kept" in pushed.notes[-1]
    assert not publish(graph, "base").notes


def test_a_card_and_a_look_name_what_is_torn(graph: Graph) -> None:
    folder = graph.final("pairs").folder
    half(folder / "data/train-00000.parquet")
    with pytest.raises(FactoryError, match=r"is damaged: data/train-00000.parquet has .* were written"):
        render_card(graph, "pairs")
    with pytest.raises(FactoryError, match=r"is damaged: data/train-00000.parquet has .* were written"):
        of_artifact(graph, "pairs")
