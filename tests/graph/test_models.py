"""What a plan says of models that cannot be trained, merged or asked, with the place in the recipe."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import save
from transformers import AutoTokenizer

from factory.engines.weights import INDEX
from factory.errors import FactoryError
from factory.graph.models import model_problems, refuse
from factory.graph.nodes import Graph, build_graph
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Store
from tests.steps.model_toys import make_model
from tests.support import build, random_model
from tests.tiny_vision import make_qwen2_vl

RECIPE = """\
recipe: 1
name: models
language: {source: en, target: ar}
hub: {namespace: me}
datasets:
  chats:
    from: {demo: instructions, rows: 8}
    steps: [DATA]
models:
  tuned:
    from: MODEL
    steps:
      - STEP
"""
NO_STEPS = "{columns: {question: question}}"


@pytest.fixture(scope="module")
def tied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("tied") / "m", "gemma2").model


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return random_model(tmp_path / "plain").model


def graph(folder: Path, model: str, step: str, data: str = NO_STEPS, online: bool = False) -> Graph:
    path = folder / "models.yaml"
    path.write_text(RECIPE.replace("STEP", step).replace("MODEL", model).replace("DATA", data))
    return build_graph(load(path), Store(folder / "store"), Resolver(folder / "x.lock", online=online))


def said(*arguments: Any, **options: Any) -> list[str]:
    found = graph(*arguments, **options)
    return [str(problem) for problem in model_problems(found, found.order(), 5.0)]


SFT = "sft: {data: chats, prompt: '{question}', response: '{question}', learning_rate: 0.001%s}"
LORA = SFT % ", chat_template: chatml, lora: {target_modules: %s}"


@pytest.mark.parametrize("modules", ["[q_proj, embed_tokens]", "[lm_head]", "'.*embed_tokens|.*q_proj'"])
def test_adapters_on_tied_weights_are_refused(tmp_path: Path, tied: Path, modules: str) -> None:
    [problem] = said(tmp_path, str(tied), LORA % modules)
    assert "models.yaml:13:9: lora reaches" in problem and "modules_to_save: [embed_tokens]" in problem


@pytest.mark.parametrize(
    "more", ["images: [image]", "max_pixels: 50176", "min_pixels: 9", "freeze_vision_tower: true"]
)
def test_a_model_of_text_is_not_shown_pictures(tmp_path: Path, tied: Path, more: str) -> None:
    [problem] = said(tmp_path, str(tied), SFT % f", chat_template: chatml, {more}")
    assert "models.yaml:13:9: the model reads text only" in problem and "name a vision-language model" in problem


@pytest.mark.parametrize(
    ("verb", "step"),
    [
        ("dpo", "dpo: {data: chats, learning_rate: 1.0e-6}"),
        ("expand_vocab", "expand_vocab: {data: chats, columns: [question]}"),
        ("ties", "merge: {method: ties, with: [MODEL], base: MODEL}"),
        ("", SFT % ", max_pixels: 50176, freeze_vision_tower: true, lora: {r: 4}"),
        ("", "merge: {with: MODEL}"),
    ],
)
def test_what_is_not_done_with_a_model_that_sees(tmp_path: Path, verb: str, step: str) -> None:
    folder = make_qwen2_vl(tmp_path / "qwen")
    found = said(tmp_path, str(folder), step.replace("MODEL", str(folder)))
    assert len(found) == bool(verb)
    assert all(f"models.yaml:13:9: {verb} is for models of text" in problem for problem in found)


@pytest.mark.parametrize("modules", ["all-linear", "[q_proj, v_proj]", r"'.*layers.*(q|v)_proj'"])
def test_adapters_on_layers_are_not(tmp_path: Path, tied: Path, modules: str) -> None:
    assert not said(tmp_path, str(tied), LORA % modules)


def test_a_model_that_is_still_to_be_made_is_known_by_its_configuration(tmp_path: Path) -> None:
    made = "init: {config: {model_type: KIND, hidden_size: 32}, tokenizer_data: chats, columns: [question]}\n      - "
    step = made + LORA % "[embed_tokens]"
    for kind, problems in (("gemma2", 1), ("llama", 0)):
        text = step.replace("KIND", kind)
        path = tmp_path / "models.yaml"
        path.write_text(RECIPE.replace("    from: MODEL\n", "").replace("STEP", text).replace("DATA", NO_STEPS))
        found = build_graph(load(path), Store(tmp_path / "store"), Resolver(tmp_path / "x.lock", online=False))
        assert len(model_problems(found, found.order(), 5.0)) == problems


def test_a_base_without_a_template_is_found_wherever_it_is_needed(tmp_path: Path) -> None:
    base = str(random_model(tmp_path / "base", template=None).model)
    [problem] = said(tmp_path, base, SFT % "")
    assert "models.yaml:13:9: the model has no chat template (set `chat_template: chatml`)" in problem
    assert not said(tmp_path, base, SFT % ", chat_template: chatml")
    dpo = "dpo: {data: chats, learning_rate: 0.001%s}"
    assert len(said(tmp_path, base, dpo % "")) == 1
    assert not said(tmp_path, base, dpo % ", chat: false")
    translate = "translate: {columns: [question], model: tuned, prompt: 'Say in Arabic: {text}'}"
    first = "pretrain: {data: chats, columns: [question], learning_rate: 0.001}"
    text = RECIPE.replace("DATA]", NO_STEPS + "]\n  ar:\n    from: chats\n    steps: [{" + translate + "}]")
    path = tmp_path / "models.yaml"
    path.write_text(text.replace("MODEL", base).replace("STEP", first))
    found = build_graph(load(path), Store(tmp_path / "store"), Resolver(tmp_path / "x.lock", online=False))
    [problem] = map(str, model_problems(found, found.order(), 5.0))
    assert "models.yaml:11:" in problem and "model tuned: the model has no chat template" in problem


@pytest.mark.parametrize(
    "step",
    [
        SFT % "",
        "merge: {with: MODEL}",
        "quantize: {}",
        "expand_vocab: {data: chats, columns: [question]}",
        "pretrain: {data: chats, columns: [question], learning_rate: 0.001}",
    ],
)
def test_every_verb_needs_a_row_for_each_token(tmp_path: Path, plain: Path, step: str) -> None:
    assert not said(tmp_path, str(plain), step)
    tokenizer = AutoTokenizer.from_pretrained(plain)
    tokenizer.add_tokens(["<|new|>"])
    tokenizer.save_pretrained(plain)
    [problem] = said(tmp_path, str(plain), step)
    assert "models.yaml:13:9: the tokenizer has 1 tokens beyond the embeddings: <|new|>" in problem


def break_weights(folder: Path, kind: str) -> str:
    """Damage the model; what must be said of it."""
    weights = folder / "model.safetensors"
    if kind == "pointer":
        weights.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
        return "is a Git LFS pointer"
    weights.unlink()
    if kind == "shard":
        (folder / INDEX).write_text(json.dumps({"weight_map": {"a": "model-00001-of-00002.safetensors"}}))
        return "the index names model-00001-of-00002.safetensors, which is not there"
    if kind == "adapter":
        (folder / "adapter_config.json").write_text("{}")
        (folder / "adapter_model.safetensors").write_bytes(b"x")
        return "a LoRA adapter, not a model"
    return "no .safetensors weights"


@pytest.mark.parametrize("kind", ["pointer", "shard", "adapter", "nothing"])
def test_a_folder_that_holds_no_whole_model_is_told_with_its_place(tmp_path: Path, plain: Path, kind: str) -> None:
    wanted = break_weights(plain, kind)
    [problem] = said(tmp_path, str(plain), "quantize: {}")
    assert "models.yaml:11:" in problem and str(plain) in problem and wanted in problem


def test_what_is_done_is_not_asked_again(tmp_path: Path, plain: Path) -> None:
    found = graph(tmp_path, str(plain), "merge: {with: MODEL}".replace("MODEL", str(plain)))
    build(found)
    shutil.rmtree(plain)
    assert not model_problems(found, found.order(), 5.0)


def test_a_repo_is_known_by_its_small_files(tmp_path: Path, plain: Path, embedded_hub: Any) -> None:
    from factory.errors import FactoryError
    from factory.hub.client import api

    def repo(name: str) -> str:
        api().create_repo(f"factory/{name}", exist_ok=True)
        api().upload_folder(repo_id=f"factory/{name}", folder_path=plain)
        return f"factory/{name}"

    assert not said(tmp_path, repo("outline-whole"), SFT % "", online=True)
    tokenizer = AutoTokenizer.from_pretrained(plain)
    tokenizer.add_tokens(["<|new|>"])
    tokenizer.save_pretrained(plain)
    [problem] = said(tmp_path, repo("outline-tokens"), SFT % "", online=True)
    assert "models.yaml:13:9: the tokenizer has 1 tokens beyond" in problem
    break_weights(plain, "adapter")
    name = repo("outline-adapter")
    [problem] = said(tmp_path, name, "quantize: {}", online=True)
    assert "models.yaml:11:" in problem and f"{name}: this is a LoRA adapter" in problem
    with pytest.raises(FactoryError, match="this is a LoRA adapter"):
        found = graph(tmp_path, name, "quantize: {}", online=True)
        refuse(model_problems(found, found.order(), 10.0))


LOOKING = """\
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


def looking(folder: Path, model: str, config: dict, online: bool = False) -> Graph:
    (folder / "own").mkdir()
    (folder / "own" / "config.json").write_text(json.dumps(config))
    (folder / "own" / "model.safetensors").write_bytes(save({}))
    (folder / "rows.jsonl").write_text('{"q": "a"}\n')
    recipe = folder / "recipe.yaml"
    recipe.write_text(LOOKING.replace("MODEL", model))
    return build_graph(load(recipe), Store(folder / "store"), Resolver(folder / "recipe.lock", online=online))


def ask(found: Graph) -> None:
    refuse(model_problems(found, found.order(), 10.0))


@pytest.mark.parametrize("model", ["./own", "tuned", "made"])
def test_a_model_of_text_is_refused_whatever_it_is_made_from(tmp_path, model):
    with pytest.raises(FactoryError, match="reads text only, so it cannot be asked about pictures") as error:
        ask(looking(tmp_path, model, {"model_type": "llama"}))
    assert "\n" not in str(error.value) and "recipe.yaml:12:3" in str(error.value)


def test_a_model_that_sees_passes_and_so_does_one_that_cannot_be_looked_at(tmp_path):
    ask(looking(tmp_path, "tuned", {"model_type": "qwen2_vl", "vision_config": {"depth": 2}}))
    (tmp_path / "other").mkdir()
    ask(looking(tmp_path / "other", f"some/model@{'a' * 40}", {}))


def test_a_model_on_the_hub_is_asked_for_its_configuration(tmp_path, embedded_hub):
    from huggingface_hub import HfApi

    HfApi().create_repo("some/text-model", exist_ok=True)
    files = {"config.json": b'{"model_type": "llama"}', "model.safetensors": save({})}
    for name, content in files.items():
        HfApi().upload_file(path_or_fileobj=content, path_in_repo=name, repo_id="some/text-model")
    with pytest.raises(FactoryError, match=r"camel-bench/some/text-model: the model reads text only"):
        ask(looking(tmp_path, "some/text-model", {}, online=True))


@pytest.mark.parametrize(
    "step",
    ["safety: {model: tuned, images: [image]}", "judge: {model: tuned, images: [image], prompt: 'Does it fit?'}"],
)
def test_a_judge_of_pictures_must_see(tmp_path: Path, plain: Path, step: str) -> None:
    pictures = "]\n  seen:\n    from: chats\n    steps: [{columns: {image: question}}, {" + step + "}]"
    path = tmp_path / "models.yaml"
    first = "pretrain: {data: chats, columns: [question], learning_rate: 0.001}"
    for model, problems in ((str(plain), 1), (str(make_qwen2_vl(tmp_path / "qwen")), 0)):
        text = RECIPE.replace("DATA]", NO_STEPS + pictures).replace("    steps:\n      - STEP\n", "")
        path.write_text(text.replace("MODEL", model).replace("STEP", first))
        found = build_graph(load(path), Store(tmp_path / "store"), Resolver(tmp_path / "x.lock", online=False))
        build(found, "tuned")
        refused = [str(problem) for problem in model_problems(found, found.order(), 5.0)]
        assert len(refused) == problems, refused
        assert all("models.yaml:11:" in one and "model tuned: the model reads text only" in one for one in refused)


def drop(*names: str) -> Any:
    return lambda folder: [(folder / name).unlink(missing_ok=True) for name in names]


def config(**fields: Any) -> Any:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | fields))

    return change


def template(text: str) -> Any:
    return lambda folder: (folder / "chat_template.jinja").write_text(text)


VOCABULARY = ("tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt")
BROKEN = "the chat template cannot be read: chat_template.jinja, line"


@pytest.mark.parametrize("where", ["folder", "hub"])
@pytest.mark.parametrize(
    ("change", "what"),
    [
        (template("{% for m in messages %}\n{{ m.content }"), f"{BROKEN} 2: unexpected '}}'"),
        (template("{% for m in messages %}{{ m.content }}"), f"{BROKEN} 1: Unexpected end of template"),
        (template("a\n\n{{ messages | nonsense }}"), f"{BROKEN} 3: No filter named 'nonsense'"),
        (drop(*VOCABULARY), "the model has no tokenizer"),
        (drop(*VOCABULARY, "tokenizer_config.json", "special_tokens_map.json"), "the model has no tokenizer"),
        (config(model_type="lama"), "transformers knows no architecture 'lama'"),
        (config(model_type=None), "config.json names no `model_type`"),
    ],
)
def test_what_a_step_could_not_load_is_told_with_its_place(
    tmp_path: Path, plain: Path, embedded_hub: Any, where: str, change: Any, what: str
) -> None:
    change(plain)
    model = str(plain)
    if where == "hub":
        from factory.hub.client import api

        model = f"factory/lacks-{tmp_path.name[-30:].strip('-_')}"
        api().create_repo(model)
        api().upload_folder(repo_id=model, folder_path=plain)
    [problem] = said(tmp_path, model, SFT % "", online=where == "hub")
    assert problem.startswith(f"{tmp_path / 'models.yaml'}:13:9: {what}")
    judge = f"{{judge: {{model: {model}, prompt: 'Good? {{question}}'}}}}"
    assert any(what in problem for problem in said(tmp_path, model, SFT % "", data=judge, online=where == "hub"))


def test_a_template_that_is_replaced_may_be_broken(tmp_path: Path, plain: Path) -> None:
    template("{{ m.content }")(plain)
    assert not said(tmp_path, str(plain), SFT % ", chat_template: chatml")


def test_a_model_that_sees_needs_settings_for_pictures(tmp_path: Path) -> None:
    folder = make_qwen2_vl(tmp_path / "sees")
    (folder / "preprocessor_config.json").unlink()
    [problem] = said(tmp_path, str(folder), SFT % "")
    assert "models.yaml:13:9: the model has no settings for pictures: preprocessor_config.json" in problem
