"""A recipe published to the embedded Hub and read back with the real clients."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from factory.errors import FactoryError
from factory.graph.nodes import Graph
from factory.hub.client import api
from factory.hub.push import Pushed
from factory.publishing.artifacts import publish, render_card
from factory.publishing.gates import judge_gates
from factory.store import Manifest
from tests.publishing.test_stages import execute, own_names
from tests.shelf import PAIRS, RECIPE, REJECTED, build, finish, shelf

pytestmark = pytest.mark.usefixtures("embedded_hub")


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return build(shelf(tmp_path, own_names()))


def publish_all(graph: Graph) -> dict[str, Pushed]:
    report = execute(graph)
    assert not report.failed, report.failed
    return report.pushed


def snippet(card: str) -> str:
    return re.findall(r"```python\n(.*?)```", card, re.DOTALL)[0]


def test_everything_is_pushed_once_and_a_repeat_is_quick_and_pushes_nothing(graph: Graph) -> None:
    first = publish_all(graph)
    assert {name: item.changed for name, item in first.items()} == dict.fromkeys(
        ["pairs", "questions", "base", "tuned", "Space", "Collection"], True
    )
    began = time.monotonic()
    again = publish_all(graph)
    assert time.monotonic() - began < 2
    assert not any(item.changed for item in again.values())
    assert {name: item.commit for name, item in again.items()} == {name: item.commit for name, item in first.items()}


def test_a_repeat_without_the_local_records_pushes_nothing_either(graph: Graph) -> None:
    publish_all(graph)
    for record in graph.store.root.rglob("published.json"):
        record.unlink()
    assert not any(item.changed for item in publish_all(graph).values())


def test_the_snippet_of_a_dataset_card_runs_and_loads_both_configs(graph: Graph, hub_client: Any) -> None:
    pushed = publish(graph, "pairs")
    code = snippet(render_card(graph, "pairs"))
    assert f'"{pushed.repo_id}", "rejected"' in code
    check = f"""
import json
streamed = load_dataset("{pushed.repo_id}", "rejected", split="train", streaming=True)
print("ROWS", json.dumps([dataset.to_list(), rejected.to_list(), list(streamed)]))
"""
    kept, rejected, streamed = json.loads(hub_client(code + check).rpartition("ROWS ")[2])
    assert kept == PAIRS
    assert rejected == [{**row, "rejected_by": "pairs/02-judge"} for row in REJECTED] == streamed


def test_the_snippet_of_a_model_card_runs(graph: Graph, hub_client: Any) -> None:
    publish(graph, "base")
    publish(graph, "tuned")
    printed = hub_client(snippet(render_card(graph, "tuned")) + "\nprint('DONE', output.shape[1] > 1)")
    assert "DONE True" in printed


def test_the_hub_understands_the_cards(graph: Graph) -> None:
    publish_all(graph)
    specs = graph.loaded.recipe
    repo = f"factory/{specs.models['tuned'].publish.repo}"  # type: ignore[union-attr]
    card = api().model_info(repo).card_data
    assert card is not None
    assert card.base_model == [f"factory/{specs.models['base'].publish.repo}"]  # type: ignore[union-attr]
    assert (card.license, card.pipeline_tag, card.language) == ("cc-by-4.0", "text-generation", ["ar", "en"])
    assert card.eval_results is not None and card.eval_results[0].metric_value == 51.0
    files = api().list_repo_files(repo)
    assert {"README.md", "model.safetensors", ".eval_results/quiz.yaml", "loss.svg"} <= set(files)
    questions = f"factory/{specs.datasets['questions'].publish.repo}"  # type: ignore[union-attr]
    (result,) = api().model_info(repo, expand=["evalResults"]).eval_results or []
    assert (result.dataset_id, result.task_id, result.value) == (questions, "quiz", 51.0)
    first = api().get_dataset_leaderboard(questions)[0]
    assert (first.model_id, first.value) == (repo, 51.0)
    data = api().dataset_info(f"factory/{specs.datasets['pairs'].publish.repo}").card_data  # type: ignore[union-attr]
    assert data is not None and data.size_categories == ["n<1K"] and "parallel" in (data.tags or [])


def test_a_failed_gate_is_told_with_its_numbers(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path, own_names()), tuned=38.0)
    with pytest.raises(FactoryError, match="1 of 1 gates failed") as caught:
        judge_gates(graph, "tuned")
    text = str(caught.value)
    assert "quiz >= base: 38.00 against 40.00 of base" in text
    assert "95 % interval" in text
    assert "shelf.yaml" in text


def test_failed_rows_are_not_published_unless_the_recipe_allows_them(tmp_path: Path) -> None:
    text = own_names()
    graph = build(shelf(tmp_path / "a", text))
    node = graph.nodes["pairs/02-judge"]
    finish(graph, node.name, PAIRS, REJECTED, failed=1)
    with pytest.raises(FactoryError, match="1 of 6 rows failed, max_failed is 0") as caught:
        publish(graph, "pairs")
    assert "shelf.yaml" in str(caught.value)
    allowed = shelf(
        tmp_path / "b", text.replace("    license: cc-by-4.0\n    steps", "    max_failed: 0.2\n    steps")
    )
    build(allowed)
    finish(allowed, node.name, PAIRS, REJECTED, failed=1)
    pushed = publish(allowed, "pairs")
    assert pushed.changed


def test_rows_that_do_not_add_up_are_not_published(graph: Graph) -> None:
    folder = graph.nodes["pairs/02-judge"].folder
    manifest = Manifest.load(folder)
    assert manifest is not None and manifest.rows is not None
    manifest.rows.rows_in += 1
    manifest.save(folder)
    with pytest.raises(FactoryError, match="do not add up: 6 in, 3 kept, 2 rejected, 0 failed"):
        publish(graph, "pairs")


def test_an_unfinished_dataset_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(FactoryError, match="not finished"):
        publish(shelf(tmp_path, own_names()), "pairs")


def test_a_dataset_without_rows_is_not_published(graph: Graph) -> None:
    import pyarrow as pa

    from factory.store import write_shard
    from factory.store.writing import facts_of

    node = graph.nodes["pairs/02-judge"]
    schema = pa.schema({"en": pa.string(), "ar": pa.string()})
    write_shard(node.folder / "data" / "train-00000.parquet", pa.Table.from_pylist([], schema=schema))
    manifest = Manifest.load(node.folder)
    assert manifest is not None
    manifest.files = facts_of(node.folder)
    manifest.save(node.folder)
    with pytest.raises(FactoryError, match="no row was kept"):
        publish(graph, "pairs")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "deep/optimizer.pt"])
def test_pickled_weights_are_not_published(graph: Graph, name: str) -> None:
    path = graph.final("base").folder / "model" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    with pytest.raises(FactoryError, match=name):
        publish(graph, "base")


def test_a_rehearsals_products_say_what_they_are_and_stay_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = build(shelf(tmp_path, own_names()), stand_in=True)
    assert set(publish_all(graph)) == {"pairs", "questions", "base", "tuned", "Space", "Collection"}
    for name in ("pairs", "tuned"):
        card = render_card(graph, name)
        assert "- stand-in" in card and "Made of stand-ins" in card
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "https://hub.example.org")
    with pytest.raises(FactoryError, match="stand-ins"):
        publish(graph, "pairs")


def test_a_new_score_changes_the_models_card_and_nothing_else(graph: Graph) -> None:
    from tests.shelf import score

    publish_all(graph)
    finish(graph, "quiz/tuned", metrics=score(55.0))
    changed = {name for name, item in publish_all(graph).items() if item.changed}
    assert changed == {"tuned", "Space"}


def test_the_space_holds_an_app_with_its_models_and_scores(graph: Graph) -> None:
    space = publish_all(graph)["Space"]
    files = api().list_repo_files(space.repo_id, repo_type="space")
    assert {"app.py", "requirements.txt", "space.json", "README.md"} <= set(files)
    path = api().hf_hub_download(space.repo_id, "space.json", repo_type="space")
    config = json.loads(Path(path).read_text(encoding="utf-8"))
    assert [model["task"] for model in config["models"]] == ["chat"]
    (table,) = [table for table in config["board"] if table["name"] == "quiz"]
    _, reported = table["sections"]
    assert (reported["title"], reported["source"]) == ("a paper, Table 2", "https://arxiv.org/abs/2509.14008")
    cells = [cell for row in table["sections"][0]["rows"] for cell in row["cells"].values()]
    assert [(cell["value"], cell["n"]) for cell in cells] == [(51.0, 300), (40.0, 300)]


def test_the_collection_holds_everything_with_notes(graph: Graph) -> None:
    pushed = publish_all(graph)
    items = api().get_collection(pushed["Collection"].repo_id).items
    assert {item.item_id for item in items} == {item.repo_id for name, item in pushed.items() if name != "Collection"}
    notes = {item.item_id: item.note for item in items}
    assert notes[pushed["tuned"].repo_id] == "The base, tuned."


MIXED = """\
  mixed:
    steps:
      - mix: {datasets: [more, questions], seed: 0}
    publish: shelf-mixed
  more:
    from: ./pairs.jsonl
    license: cc-by-4.0
    steps:
      - columns: {en: en, ar: ar}
models:
"""


def test_what_was_sorted_out_of_unpublished_parts_is_published_with_the_whole(tmp_path: Path, hub_client: Any) -> None:
    graph = build(shelf(tmp_path, own_names(RECIPE.replace("models:\n", MIXED, 1))))
    finish(graph, "more/01-columns", PAIRS, REJECTED[:1])
    pushed = publish(graph, "mixed")
    code = f"""
from datasets import load_dataset
print("BY", load_dataset("{pushed.repo_id}", "rejected", split="train")["rejected_by"][:])
"""
    assert "BY ['more/01-columns']" in hub_client(code)
    card = render_card(graph, "mixed")
    assert "| more/01-columns | 4 | 3 (75 %) | 1 (25 %) | 0 |" in card and "(in `more`)" in card


def test_failures_in_what_only_trained_a_judge_do_not_stop_a_dataset(tmp_path: Path) -> None:
    graph = build(
        shelf(tmp_path, own_names(RECIPE.replace("models:\n", MIXED, 1).replace("[more, questions]", "[more]")))
    )
    finish(graph, "more/01-columns", PAIRS, failed=1)
    with pytest.raises(FactoryError, match="rows failed"):
        publish(graph, "mixed")
    assert publish(graph, "pairs").changed
