"""Pictures of rows on pages: small, one by one, and nothing of a file but its pixels."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd as Add
from huggingface_hub import HfApi

from factory.images.facts import look
from factory.local_hub import LocalHub
from factory.store import read_shard, write_parquet
from factory.store.packs import unpacked
from tests.drawing import cell, draw, encoded, images
from tests.local_hub.test_pages import get, text


@pytest.fixture
def pictured(api: HfApi, repo: str, tmp_path: Path) -> str:
    rows = []
    for n in range(3):
        pair = [cell(encoded(draw(n, (800, 600)), "JPEG")), cell(b"<script>x")]
        rows.append({"q": f"What is {n}?", "q_ar": f"ما هو {n}؟", "images": pair})
    source = images(tmp_path, rows, "images")
    [shard] = source.dataset.shards()
    write_parquet(tmp_path / "pushed.parquet", unpacked(read_shard(shard)))
    api.create_repo(repo, repo_type="dataset")
    file = Add("data/train-00000.parquet", (tmp_path / "pushed.parquet").read_bytes())
    api.create_commit(repo, [file], commit_message="1", repo_type="dataset")
    return repo


@pytest.mark.parametrize("page", ["viewer", "side-by-side"])
def test_pages_show_pictures_beside_texts_lazily(hub: LocalHub, pictured: str, page: str) -> None:
    shown = text(hub, f"/datasets/{pictured}/{page}")
    found = re.findall(r'<img loading="lazy" alt="([^"]*)" title="[^"]*" src="([^"]*)">', shown)
    assert len(found) == 6 and "base64" not in shown and "ما هو 1؟" in shown
    assert found[0][0].startswith("jpeg 800x600") and found[1][0].startswith("no picture")
    assert found[2][1].endswith(f"{pictured}/thumbnail/default/train/1/images/0")


def test_a_thumbnail_is_a_small_picture_of_a_safe_type(hub: LocalHub, pictured: str) -> None:
    answer = get(f"{hub.endpoint}/datasets/{pictured}/thumbnail/default/train/1/images/0")
    assert answer.headers["content-type"] == "image/webp" and answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    facts = look(answer.content)
    assert (facts.kind, facts.width, facts.height) == ("webp", 360, 270)


NOWHERE = ["1/images/1", "9/images/0", "x/images/0", "0/q/0", "0/none/0", "0/images/7"]


@pytest.mark.parametrize("place", [*(f"train/{place}" for place in NOWHERE), "test/0/images/0"])
def test_where_there_is_no_picture_there_is_nothing(hub: LocalHub, pictured: str, place: str) -> None:
    assert get(f"{hub.endpoint}/datasets/{pictured}/thumbnail/default/{place}").status_code == 404
