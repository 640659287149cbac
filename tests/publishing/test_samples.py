"""Rows of published datasets for the Space."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.publishing.artifacts import publish
from factory.publishing.samples import CHARACTERS, samples
from tests.publishing.test_stages import own_names
from tests.shelf import PAIRS, build, shelf

pytestmark = pytest.mark.usefixtures("embedded_hub")


def test_what_was_pushed_is_shown_with_what_was_sorted_out(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path, own_names()))
    assert samples(graph) == [], "nothing is on the Hub yet"
    publish(graph, "pairs")
    [sample] = samples(graph)
    assert sample["repo"] == graph.loaded.recipe.repo_id("pairs") and sample["kept"] == PAIRS
    first = sample["rejected"][0]
    assert (first["rejected_by"], first["reason"], first["en"]) == ("pairs/02-judge", "judge: reject", "Hello")


def test_a_private_dataset_stays_out_of_a_public_space(tmp_path: Path) -> None:
    text = own_names().replace("title: Shelf pairs", "private: true, title: Shelf pairs")
    graph = build(shelf(tmp_path, text))
    publish(graph, "pairs")
    assert samples(graph) == []


def test_a_long_text_is_cut(tmp_path: Path) -> None:
    pairs = [{"en": "x" * 5000, "ar": "م"}]
    graph = build(shelf(tmp_path, own_names(), pairs))
    publish(graph, "questions")
    [sample] = samples(graph)
    assert len(sample["kept"][0]["en"]) <= CHARACTERS + 1
