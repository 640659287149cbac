"""Rating sheets for the Space: the rows that `factory rate` draws, and pictures that can be looked at."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from factory.look.sheet import rows_at
from factory.publishing.artifacts import publish
from factory.publishing.rating import SIDE, finished, sheets, visible
from factory.publishing.space import space_files
from factory.store import Dataset
from tests.publishing.test_stages import own_names
from tests.shelf import PAIRS, build, finish, shelf
from tests.tiny_vision import drawn


def test_a_sheet_shows_each_translation_beside_its_source(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path))
    [sheet], files = sheets(graph, ["pairs"])
    assert (sheet["name"], sheet["questions"], sheet["columns"]) == ("pairs", ["correct"], ["en", "ar"])
    assert sheet["pairs"] == [("en", "ar")] and files == {}
    assert [row["cells"] for row in sheet["rows"]] == [[pair["en"], pair["ar"]] for pair in PAIRS]
    build_id = graph.final("pairs").fingerprint[:12]
    assert [row["id"] for row in sheet["rows"]] == [f"{build_id}/train/{n}" for n in range(3)]


def test_what_the_gates_want_to_know_is_asked(tmp_path: Path) -> None:
    text = own_names().replace(
        "publish: {repo", 'gates: ["rated >= 50", "rated.fluent > 80", "authentic >= 1"]\n    publish: {repo'
    )
    [sheet], _ = sheets(build(shelf(tmp_path, text)), ["pairs"])
    assert sheet["questions"] == ["correct", "fluent"]


def test_pictures_lie_beside_as_small_copies(tmp_path: Path) -> None:
    graph = shelf(tmp_path)
    file = io.BytesIO()
    Image.new("RGB", (2 * SIDE, 30), "red").save(file, "PNG")
    rows = [
        {"en": "a", "image": {"bytes": data, "path": None}}
        for data in (drawn(), file.getvalue(), drawn(), b"no picture")
    ]
    finish(graph, graph.final("questions").name, rows)
    [sheet], files = sheets(graph, ["questions"])
    place = sheet["columns"].index("image")
    cells = [row["cells"][place] for row in sheet["rows"]]
    assert cells[0].startswith("png 60x40") and cells[3].startswith("no picture")
    paths = [row["pictures"].get("image", []) for row in sheet["rows"]]
    assert paths[0] == paths[2] != paths[1] and paths[3] == []
    assert {*files} == {*paths[0], *paths[1]}
    assert Image.open(io.BytesIO(files[paths[1][0]])).size == (SIDE, 15)
    found = rows_at(Dataset(graph.final("questions").folder), [("train", 0)])
    assert found[("train", 0)]["image"]["bytes"] == drawn()


@pytest.mark.usefixtures("embedded_hub")
def test_a_space_on_the_hub_has_only_sheets_of_what_is_there(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path, own_names()))
    assert finished(graph) == ["pairs", "questions"] and visible(graph) == []
    here, pushed = space_files(graph), space_files(graph, rated=visible(graph))
    assert [sheet["name"] for sheet in json.loads(here["space.json"])["sheets"]] == ["pairs", "questions"]
    assert json.loads(pushed["space.json"])["sheets"] == []
    publish(graph, "pairs")
    assert visible(graph) == ["pairs"]


def test_before_anything_is_built_there_is_nothing_to_rate(tmp_path: Path) -> None:
    assert finished(shelf(tmp_path)) == []
