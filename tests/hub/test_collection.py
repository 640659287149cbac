"""Collections on the embedded Hub with the real client."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from factory.hub.client import api
from factory.hub.collection import Item, collect

pytestmark = pytest.mark.usefixtures("embedded_hub")


@pytest.fixture
def repo() -> str:
    name = f"factory/c{uuid.uuid4().hex[:8]}"
    api().create_repo(name)
    return name


def test_items_are_added_once_and_notes_corrected(repo: str, tmp_path: Path) -> None:
    title = f"Things {uuid.uuid4().hex[:6]}"
    first = collect("factory", title, [Item("model", repo, "a note")], record=tmp_path / "record")
    assert first.changed
    for record in (tmp_path / "record", None):
        again = collect("factory", title, [Item("model", repo, "a note")], record=record)
        assert (again.changed, again.repo_id) == (False, first.repo_id)
    assert collect("factory", title, [Item("model", repo, "another")], record=tmp_path / "record").changed
    items = api().get_collection(first.repo_id).items
    assert [(item.item_id, item.note) for item in items] == [(repo, "another")]


def test_what_others_added_stays(repo: str) -> None:
    title = f"Things {uuid.uuid4().hex[:6]}"
    made = collect("factory", title, [])
    api().add_collection_item(made.repo_id, repo, "model")
    other = f"{repo}-b"
    api().create_repo(other)
    collect("factory", title, [Item("model", other, "")])
    assert [item.item_id for item in api().get_collection(made.repo_id).items] == [repo, other]


def test_a_deleted_collection_is_made_again(repo: str, tmp_path: Path) -> None:
    title = f"Things {uuid.uuid4().hex[:6]}"
    first = collect("factory", title, [Item("model", repo, "")], record=tmp_path)
    api().delete_collection(first.repo_id)
    again = collect("factory", title, [Item("model", repo, "")], record=tmp_path)
    assert again.changed and again.repo_id != first.repo_id
    assert not collect("factory", title, [Item("model", repo, "")], record=tmp_path).changed


def test_long_texts_are_cut_to_what_the_hub_takes(repo: str) -> None:
    title = f"T{uuid.uuid4().hex[:6]} " + "x" * 100
    made = collect("factory", title, [Item("model", repo, "n" * 900)], description="d" * 300)
    collection = api().get_collection(made.repo_id)
    assert len(collection.title) == 60 and len(collection.description or "") == 150
    assert len(collection.items[0].note or "") == 500
    assert not collect("factory", title, [Item("model", repo, "n" * 900)], description="d" * 300).changed
