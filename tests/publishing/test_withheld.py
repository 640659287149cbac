"""What a safety judge did not find safe leaves in no file: not in rows, not in the card, not in its pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.graph.nodes import build_graph
from factory.publishing.artifacts import render_card
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Store
from tests.drawing import picture
from tests.judging import judge, verdict
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
    from: ./rows.jsonl
    license: cc0-1.0
    images: [image]
    steps:
      - filter: {columns: [text], checks: [repetition]}
      - safety: {model: eye, images: [image]}
      - dedup: {columns: [text]}
    publish: %s
models:
  eye: {from: {endpoint: here, model: eye}, license: mit}
"""
PLANTED = "Planted text"
ROWS = [
    ("fine", 0, "Safe"),
    ("a b c d e f g h " * 40, 5, ""),  # sorted out before anybody judged its picture
    (PLANTED, 1, "Unsafe"),
    ("fine", 3, "Safe"),  # sorted out after it was found safe
]


@pytest.fixture
def made(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any]]:
    lines = []
    for text, seed, _ in ROWS:
        (tmp_path / f"{seed}.png").write_bytes(picture(seed))
        lines.append(json.dumps({"text": text, "image": f"{seed}.png"}))
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    (tmp_path / "recipe.yaml").write_text(RECIPE % request.node.name.replace("_", "-")[:60].strip("-"))
    said = {picture(seed): verdict(rating, "O4", "Nude.") for _, seed, rating in ROWS if rating}
    with judge(tmp_path / "model", said) as (_, _, profile):
        resolver = Resolver(tmp_path / "x.lock", strict=True, profile=profile)
        graph = build_graph(load(tmp_path / "recipe.yaml"), Store(tmp_path / "store"), resolver)
        yield graph, execute(graph, profile=profile)


def test_rejected_rows_leave_without_what_was_not_found_safe(made: tuple[Any, Any]) -> None:
    from huggingface_hub import HfApi, hf_hub_download

    graph, report = made
    assert not report.failed, report.failed
    import datasets

    repo = graph.loaded.recipe.repo_id("seen")
    rejected = datasets.load_dataset(repo, "rejected", split="train")
    rejected = rejected.cast_column("image", datasets.Image(decode=False))
    found = {row["rejected_by"].rpartition("-")[2]: row for row in rejected}
    assert found["filter"]["text"] == ROWS[1][0] and found["filter"]["image"] is None
    assert found["safety"]["text"] is None and found["safety"]["image"] is None
    assert found["safety"]["reason"] == "safety: 1 > 0.5 (O4)"
    assert found["dedup"]["text"] == "fine" and found["dedup"]["image"]["bytes"] == picture(3)
    for name in HfApi().list_repo_files(repo, repo_type="dataset"):
        content = Path(hf_hub_download(repo, name, repo_type="dataset")).read_bytes()
        assert PLANTED.encode() not in content and b"Nude." not in content, name
        assert not any(picture(seed)[30:70] in content for seed in (1, 5)), name


def test_the_card_shows_the_distribution_and_no_rationale(made: tuple[Any, Any]) -> None:
    from huggingface_hub import hf_hub_download

    graph, _ = made
    card = render_card(graph, "seen")
    assert "| safe | 2 | 66.7 % |" in card and "| O4 Nudity Content | 1 | 33.3 % |" in card
    assert "![Verdicts about the pictures](safety.svg)" in card and "is left empty there" in card
    assert PLANTED not in card and "Nude." not in card
    repo = graph.loaded.recipe.repo_id("seen")
    drawn = Path(hf_hub_download(repo, "safety.svg", repo_type="dataset")).read_text("utf-8")
    assert drawn.startswith("<svg") and "O4 Nudity Content" in drawn and "2 (66.7 %)" in drawn
