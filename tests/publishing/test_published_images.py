"""Pictures from files beside a jsonl to the embedded Hub and back with the real clients."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from factory.errors import FactoryError
from factory.graph.nodes import build_graph
from factory.publishing.artifacts import render_card
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Store
from tests.drawing import draw, encoded
from tests.publishing.test_stages import execute

pytestmark = pytest.mark.usefixtures("embedded_hub")
RECIPE = """\
recipe: 1
name: seen
language: {source: en, target: ar}
hub: {namespace: factory, license: mit}
datasets:
  seen:
    description: Drawings.
    from: ./data/rows.jsonl
    license: cc0-1.0
    images: [image]
    max_failed: 0.5
    steps:
      - columns:
          messages: [{role: user, content: "{question}"}, {role: assistant, content: "{answer}"}]
          image: image
      - filter: {images: [image], keep_scores: false}
      - dedup: {columns: [image]}
      - split: {test: 2}
    publish: %s
"""


def graph_of(folder: Path) -> Any:
    return build_graph(load(folder / "recipe.yaml"), Store(folder / "store"), Resolver(folder / "x.lock", strict=True))


@pytest.fixture
def graph(tmp_path: Path, request: pytest.FixtureRequest):
    (tmp_path / "data" / "my folder").mkdir(parents=True)
    rows = []
    for seed in range(8):
        form = ("PNG", "JPEG", "WEBP")[seed % 3]
        name = f"my folder/holiday {seed}.{form.lower()}"
        (tmp_path / "data" / name).write_bytes(encoded(draw(seed), form))
        rows.append({"question": f"<image>What is on drawing {seed}?", "answer": "Discs.", "image": name})
    bad = [rows[0], {**rows[1], "image": "../recipe.yaml"}, {**rows[1], "question": "<image><image>Compare."}]
    lines = [json.dumps(row) for row in [*rows, *bad]]
    (tmp_path / "data" / "rows.jsonl").write_text("\n".join(lines))
    (tmp_path / "recipe.yaml").write_text(RECIPE % request.node.name.replace("_", "-")[:60].strip("-"))
    return build_graph(
        load(tmp_path / "recipe.yaml"), Store(tmp_path / "store"), Resolver(tmp_path / "x.lock", strict=True)
    )


def repo_of(graph: Any) -> str:
    return graph.loaded.recipe.repo_id("seen")


def test_bytes_arrive_as_they_were_and_show_as_pictures(graph: Any, tmp_path: Path, hub_client: Any) -> None:
    report = execute(graph)
    assert not report.failed, report.failed
    said = hub_client(
        f"""
import datasets, hashlib, json
whole = datasets.load_dataset("{repo_of(graph)}")
plain = whole.cast_column("image", datasets.Image(decode=False))
rows = [row["image"] for split in plain.values() for row in split]
print(json.dumps([[hashlib.sha256(row["bytes"]).hexdigest(), row["path"]] for row in rows]))
print(type(whole["train"].features["image"]).__name__, [row["image"].size for row in whole["test"]])
"""
    )
    digests, shown = said.strip().splitlines()[-2:]
    found = dict(json.loads(digests))
    files = sorted((tmp_path / "data" / "my folder").iterdir())
    assert found.keys() == {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert all(name.split(".")[0] == digest for digest, name in found.items())
    assert shown == "Image [(64, 48), (64, 48)]"


def test_nothing_that_is_pushed_names_a_file_of_this_machine(graph: Any) -> None:
    from huggingface_hub import HfApi, hf_hub_download

    assert not execute(graph).failed
    repo = repo_of(graph)
    for name in HfApi().list_repo_files(repo, repo_type="dataset"):
        content = Path(hf_hub_download(repo, name, repo_type="dataset")).read_bytes()
        assert b"holiday" not in content and b"my folder" not in content, name


def test_what_was_sorted_out_says_why(graph: Any) -> None:
    report = execute(graph)
    assert not report.failed, report.failed
    import datasets

    rejected = datasets.load_dataset(repo_of(graph), "rejected", split="train")
    assert sorted(rejected["reason"]) == [
        "dedup: seen before",
        "image_markers: places in the text and pictures differ by 1",
        "load: image: outside the data folder: row 9",
    ]


def test_failed_rows_of_the_source_hold_a_push_back(graph: Any, tmp_path: Path) -> None:
    text = (tmp_path / "recipe.yaml").read_text().replace("    max_failed: 0.5\n", "")
    (tmp_path / "recipe.yaml").write_text(text)
    report = execute(graph_of(tmp_path))
    [error] = report.failed.values()
    assert isinstance(error, FactoryError) and "1 of 11 rows failed" in str(error)


def test_the_card_tells_of_pictures_and_shows_no_bytes(graph: Any) -> None:
    execute(graph)
    card = render_card(graph, "seen")
    assert "dtype: image" in card and "64x48" in card and "bytes&#62;" not in card
