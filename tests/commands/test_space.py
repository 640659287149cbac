"""`factory space --push`, against the embedded Hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from factory.cli import main
from factory.graph.nodes import Graph
from factory.hub.client import api
from factory.publishing.stages import publish
from tests.publishing.test_stages import own_names, repo
from tests.shelf import build, shelf

pytestmark = pytest.mark.usefixtures("embedded_hub")


def push(graph: Graph) -> Result:
    arguments = ["space", str(graph.loaded.path), "--push", "--store", str(graph.store.root), "--hub", "remote"]
    return CliRunner().invoke(main, arguments)


def config(url: str) -> dict:
    path = api().hf_hub_download(url.rpartition("/spaces/")[2], "space.json", repo_type="space")
    return json.loads(Path(path).read_text(encoding="utf-8"))


def test_the_space_is_pushed_with_what_is_on_the_hub(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path, own_names()))
    first = push(graph)
    assert first.exit_code == 0, first.output
    note, url = first.stdout.splitlines()
    assert "left out of the Space: tuned" in note and config(url)["models"] == []

    publish(graph, "tuned")
    again = push(graph)
    assert again.stdout.splitlines() == [url]
    assert [model["repo"] for model in config(url)["models"]] == [repo(graph, "tuned")]


def test_a_model_that_is_not_built_is_named(tmp_path: Path) -> None:
    done = push(shelf(tmp_path, own_names()))
    assert done.exit_code == 1 and "not built yet: tuned" in done.stderr
