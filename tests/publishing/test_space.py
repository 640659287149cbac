"""The Space: its files, what it refuses, and the app itself with a real model behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.errors import FactoryError
from factory.publishing.artifacts import publish
from factory.publishing.space import space_config, space_files, write_space
from tests.shelf import RECIPE, build, shelf

TRANSLATING = RECIPE.replace(
    "models:\n",
    """\
  more:
    from: ./pairs.jsonl
    license: cc-by-4.0
    steps:
      - translate: {model: tuned, columns: [en], prompt: "Into Arabic: {text}"}
models:
""",
    1,
)


def test_before_anything_is_built_there_is_a_space_without_scores(tmp_path: Path) -> None:
    files = space_files(shelf(tmp_path))
    assert {"app.py", "tabs/chat.py", "requirements.txt", "README.md", "space.json"} <= set(files)
    tables = json.loads(files["space.json"])["board"]
    assert tables and all(section["origin"] == "reported" for table in tables for section in table["sections"])
    header = yaml.safe_load(files["README.md"].decode().split("---\n")[1])
    assert (header["sdk"], header["app_file"], header["models"]) == ("gradio", "app.py", ["factory/shelf-tuned"])


def test_a_model_that_the_recipe_translates_with_is_offered_for_that(tmp_path: Path) -> None:
    config = space_config(shelf(tmp_path, TRANSLATING))
    (model,) = config["models"]
    assert (model["name"], model["repo"], model["task"]) == ("shelf-tuned", "factory/shelf-tuned", "translate")
    assert (model["prompt"], model["source"], model["target"]) == ("Into Arabic: {text}", "en", "ar")
    assert config["languages"]["ar"] == {"en": "Arabic", "ar": "العربية", "rtl": True}


def test_a_model_that_is_not_published_cannot_be_shown(tmp_path: Path) -> None:
    with pytest.raises(FactoryError, match="judge is not published"):
        space_config(shelf(tmp_path, RECIPE.replace("demo: [tuned]", "demo: [judge]")))


def test_an_unknown_app_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(FactoryError, match="did you mean 'hala'"):
        space_files(shelf(tmp_path, RECIPE.replace("app: hala", "app: halla")))


@pytest.mark.slow
def test_the_app_runs_and_answers(tmp_path: Path, embedded_hub: Any, hub_client: Any) -> None:
    text = TRANSLATING.replace("shelf-", "app-").replace("demo: [tuned]", "demo: [tuned, base]")
    graph = build(shelf(tmp_path / "shelf", text))
    for name in ("base", "tuned"):
        publish(graph, name)
    folder = write_space(graph, tmp_path / "app")
    code = f"""
import sys
sys.path.insert(0, {str(folder)!r})
import app
from gradio_client import Client
page = app.build()
page.launch(prevent_thread_lock=True, quiet=True)
client = Client(page.local_url, verbose=False)
assert client.predict("The house is big.", "app-tuned", api_name="/translate")
assert client.predict("Hello", "app-base", api_name="/chat")
board = client.predict("quiz", "app-tuned", "", "", "measured", False, "csv", api_name="/leaderboard")
print("ROWS", board.splitlines()[1])
"""
    assert "ROWS measured,Measured here,1,factory/app-tuned," in hub_client(code)
