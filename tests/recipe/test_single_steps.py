"""``model@step``: a model as it was after one of its steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.graph.lineage import public_name, training_data
from factory.graph.nodes import Graph, build_graph
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.recipe.source import RecipeError
from factory.store import Store
from tests.steps.model_toys import make_model, sentences
from tests.support import build

HEAD = "recipe: 1\nname: small\nlanguage: {source: en, target: ar}\nhub: {namespace: me}\n"
MODEL = "{model_type: llama, hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 32}"
RECIPE = f"""{HEAD}
datasets:
  text: {{from: {{demo: english_text, rows: 120}}}}
models:
  mixed:
    steps:
      - init: {{config: {MODEL}, tokenizer_data: text, vocab_size: 400, seed: 0, dtype: float32}}
      - merge: {{method: linear, t: 0.5, with: other@1}}
      - merge: {{method: linear, t: 0.5, with: mixed@1}}
  other:
    steps:
      - init: {{config: {MODEL}, tokenizer_data: text, vocab_size: 400, seed: 1, dtype: float32}}
      - merge: {{method: linear, t: 0.25, with: mixed}}
"""


def graph_of(folder: Path, text: str = RECIPE) -> Graph:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return build_graph(load(path), Store(folder / "store"), Resolver(folder / "x.lock", online=False))


def test_steps_are_the_inputs_that_they_name(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, RECIPE.replace("with: mixed}", "with: someone/else}"))
    assert graph.nodes["mixed/02-merge"].inputs["other@1"].node == "other/01-init"
    assert graph.nodes["mixed/03-merge"].inputs["mixed@1"].node == "mixed/01-init"
    assert graph.final("other@1").name == "other/01-init"


def test_models_that_need_each_other_are_refused_though_their_steps_would_not(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="need each other"):
        graph_of(tmp_path)
    itself = f"{HEAD}models:\n  a: {{from: a@1, steps: [{{quantize: {{}}}}]}}\n"
    with pytest.raises(RecipeError, match="need each other"):
        graph_of(tmp_path, itself)


def test_a_merge_with_a_step_before_is_made_of_that_steps_weights(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    graph = graph_of(tmp_path, RECIPE.replace("      - merge: {method: linear, t: 0.25, with: mixed}\n", ""))
    build(graph, "mixed")
    first, other, last = (
        load_file(graph.nodes[name].folder / "model" / "model.safetensors")
        for name in ("mixed/01-init", "other/01-init", "mixed/03-merge")
    )
    assert any(not first[name].equal(other[name]) for name in first)
    for name, tensor in last.items():
        assert (tensor - (0.75 * first[name] + 0.25 * other[name])).abs().max() < 1e-6, name
    assert public_name(graph, "mixed@1") == [] and training_data(graph, "mixed") == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("mixed@2", "no step 2: 'mixed' has 1 step before this one"),
        ("mixed@0", "number of a step, from 1"),
        ("other@last", "number of a step, from 1"),
        ("other@3", "no step 3: 'other' has 2 steps"),
        ("text@1", "is a dataset, a model is needed"),
        ("mixd@1", "no model 'mixd'"),
    ],
)
def test_a_step_that_is_not_there_is_refused(wrong: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="(?s)" + message):
        graph_of(tmp_path, RECIPE.replace("with: mixed}", "with: a/b}").replace("with: other@1", f"with: {wrong}"))


def test_datasets_have_no_steps_to_name(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="of models only"):
        graph_of(tmp_path, f"{HEAD}datasets:\n  a: {{from: {{demo: text, rows: 9}}}}\n  b: {{from: a@1}}\n")


def test_a_trainers_checkpoints_are_merged(tmp_path: Path) -> None:
    """As TRL leaves them: optimizer, schedule and random states beside the weights."""
    from datasets import Dataset
    from safetensors.torch import load_file
    from trl import SFTConfig, SFTTrainer

    base = make_model(tmp_path / "base", "llama").model
    options = {"max_steps": 2, "save_steps": 1, "learning_rate": 1e-2, "report_to": "none", "use_cpu": True}
    arguments = SFTConfig(str(tmp_path / "run"), per_device_train_batch_size=2, disable_tqdm=True, **options)
    rows = Dataset.from_list([{"text": text} for text in sentences(4)])
    SFTTrainer(model=str(base), args=arguments, train_dataset=rows).train()
    recipe = f"{HEAD}models:\n  mixed:\n    from: ./run/checkpoint-2\n    steps:\n"
    recipe += "      - merge: {method: linear, t: 0.25, with: ./run/checkpoint-1}\n"
    graph = graph_of(tmp_path, recipe)
    build(graph, "mixed")
    folder = graph.final("mixed").folder / "model"
    assert {path.suffix for path in folder.iterdir()} <= {".json", ".jinja", ".safetensors"}
    mixed = load_file(folder / "model.safetensors")
    later, earlier = (load_file(tmp_path / f"run/checkpoint-{step}/model.safetensors") for step in (2, 1))
    for name in mixed:
        assert (mixed[name] - (later[name] + 3 * earlier[name]) / 4).abs().max() < 1e-6
    assert any((later[name] != earlier[name]).any() for name in later)
