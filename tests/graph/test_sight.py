"""A model of text is not asked to look: said before any work, in one line with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from factory.errors import FactoryError
from factory.graph.nodes import Graph, build_graph
from factory.graph.sight import require_sight
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Store

RECIPE = """\
recipe: 1
name: looking
language: {source: en, target: ar}
hub: {namespace: me}
models:
  tuned:
    from: ./own
    steps: [{merge: {method: slerp, t: 0.5, with: ./own}}]
  made:
    steps: [{init: {config: {model_type: llama}, tokenizer_data: ./rows.jsonl, text: q}}]
evaluate:
  camel-bench: {models: [MODEL], sets: [gqa]}
"""


def graph(folder: Path, model: str, config: dict, online: bool = False) -> Graph:
    (folder / "own").mkdir()
    (folder / "own" / "config.json").write_text(json.dumps(config))
    (folder / "own" / "model.safetensors").write_bytes(b"0")
    (folder / "rows.jsonl").write_text('{"q": "a"}\n')
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.replace("MODEL", model))
    return build_graph(load(recipe), Store(folder / "store"), Resolver(folder / "recipe.lock", online=online))


@pytest.mark.parametrize("model", ["./own", "tuned", "made"])
def test_a_model_of_text_is_refused_whatever_it_is_made_from(tmp_path, model):
    with pytest.raises(FactoryError, match="reads text only, so it cannot be asked about pictures") as error:
        require_sight(graph(tmp_path, model, {"model_type": "llama"}))
    assert "\n" not in str(error.value) and "recipe.yaml:12:3" in str(error.value)


def test_a_model_that_sees_passes_and_so_does_one_that_cannot_be_looked_at(tmp_path):
    require_sight(graph(tmp_path, "tuned", {"model_type": "qwen2_vl", "vision_config": {"depth": 2}}))
    (tmp_path / "other").mkdir()
    require_sight(graph(tmp_path / "other", f"some/model@{'a' * 40}", {}))


def test_a_model_on_the_hub_is_asked_for_its_configuration(tmp_path, embedded_hub):
    from huggingface_hub import HfApi

    HfApi().create_repo("some/text-model", exist_ok=True)
    HfApi().upload_file(
        path_or_fileobj=b'{"model_type": "llama"}', path_in_repo="config.json", repo_id="some/text-model"
    )
    with pytest.raises(FactoryError, match=r"some/text-model reads text only"):
        require_sight(graph(tmp_path, "some/text-model", {}, online=True))
