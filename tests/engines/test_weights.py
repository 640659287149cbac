"""Weights are the files that transformers takes, whatever lies beside them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factory.engines.transformers import load_model as for_answers
from factory.engines.weights import ADAPTER, INDEX, ONE, model_files, needed_weights, weight_files, weight_names
from factory.errors import FactoryError
from factory.models.merge.reading import Mapped
from factory.models.models import load_model, size_bytes
from factory.models.tensors import count, read_tensors
from factory.profile import Profile
from tests.support import random_model


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_model(tmp_path_factory.mktemp("whole") / "m").model


@pytest.fixture
def sharded(whole: Path, tmp_path: Path) -> Path:
    """The same model in shards, as transformers writes them."""
    folder = tmp_path / "sharded"
    load_model(whole, "float32").save_pretrained(folder, max_shard_size="40KB")
    assert len(weight_files(folder)) > 1
    return folder


def stray(folder: Path, whole: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    shutil.copyfile(whole / ONE, folder / name)


@pytest.mark.parametrize(
    "name",
    [
        "consolidated.safetensors",
        "model-00009-of-00009.safetensors",
        "original/model.safetensors",
        "adapter.safetensors",
    ],
)
def test_what_lies_beside_is_no_part_of_the_model(whole: Path, sharded: Path, name: str) -> None:
    size, parameters = size_bytes(sharded), count(read_tensors(sharded))
    stray(sharded, whole, name)
    assert name not in {path.relative_to(sharded).as_posix() for path in weight_files(sharded)}
    assert (size_bytes(sharded), count(read_tensors(sharded))) == (size, parameters)
    with Mapped(sharded) as tensors:
        assert not any(extent.path.name == Path(name).name for extent in tensors.extents.values())
    names = [path.relative_to(sharded).as_posix() for path in sharded.rglob("*") if path.is_file()]
    taken = model_files(names, (sharded / INDEX).read_bytes())
    assert name not in taken and "config.json" in taken and len(taken) > 4


def test_one_file_wins_over_an_index_as_in_transformers(whole: Path, sharded: Path) -> None:
    shutil.copyfile(whole / ONE, sharded / ONE)
    assert [path.name for path in weight_files(sharded)] == [ONE]
    assert model_files([ONE, INDEX, "model-00001-of-00002.safetensors"], b"{}") == [INDEX, ONE]


@pytest.mark.parametrize("kind", ["shard", "pointer", "adapter", "index", "nothing"])
def test_what_is_no_whole_model_is_said_before_it_is_loaded(sharded: Path, kind: str) -> None:
    first = weight_files(sharded)[0]
    if kind == "pointer":
        first.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
    elif kind == "index":
        (sharded / INDEX).write_text("{}")
    else:
        first.unlink()
    if kind in ("adapter", "nothing"):
        for path in sharded.glob("*.safetensors*"):
            path.unlink()
    if kind == "adapter":
        (sharded / "adapter_config.json").write_text("{}")
        (sharded / "adapter_model.safetensors").write_bytes(b"")
    said = {
        "shard": f"the index names {first.name}, which is not there",
        "pointer": f"{first.name} is a Git LFS pointer",
        "adapter": "a LoRA adapter, not a model",
        "index": "the index of the weights cannot be read",
        "nothing": "neither model.safetensors nor",
    }[kind]
    with pytest.raises(FactoryError, match=said):
        needed_weights(sharded)
    with pytest.raises(FactoryError, match=said):
        load_model(sharded, "float32")


def test_repos_of_every_kind() -> None:
    sentence = [
        "modules.json",
        "config.json",
        "1_Pooling/config.json",
        "2_Dense/model.safetensors",
        "model.safetensors",
    ]
    assert set(model_files(sentence, None)) == set(sentence)
    pieces = ["config.json", ONE, "sentencepiece.bpe.model", "source.spm", "spiece.model"]
    assert set(model_files(pieces, None)) == set(pieces)
    custom = ["config.json", "modeling_own.py", ONE, "original/params.json", "additional_chat_templates/rag.jinja"]
    assert "modeling_own.py" not in model_files(custom, None)
    assert set(model_files(custom, None, code=True)) == {*custom} - {"original/params.json"}
    with pytest.raises(FactoryError, match="a LoRA adapter"):
        model_files(["adapter_config.json", "adapter_model.safetensors"], None)
    with pytest.raises(FactoryError, match=r"no \.safetensors weights"):
        model_files(["config.json", "pytorch_model.bin"], None)
    shards = json.dumps(
        {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    )
    assert len(model_files(["config.json", INDEX], shards.encode())) == 4


@pytest.mark.parametrize("index", [b"[]", b"{}", b'{"weight_map": {"a": 1}}', b'{"weight_map": {"a": 1, "b": "x"}}'])
def test_an_index_that_names_no_files_is_none(index: bytes) -> None:
    with pytest.raises(ValueError, match="weight_map"):
        weight_names(index)


def changed(whole: Path, folder: Path, change: Callable[[dict[str, Any]], None], **config: Any) -> Path:
    """A copy of the model with other weights, or another configuration."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(whole, folder)
    weights = load_file(folder / ONE)
    change(weights)
    save_file(weights, folder / ONE, metadata={"format": "pt"})
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(settings | config))
    return folder


LOADERS = [lambda folder: load_model(folder, "float32"), lambda folder: for_answers(folder, Profile(device="cpu"))]


@pytest.mark.parametrize("load", LOADERS, ids=["training", "engine"])
def test_a_weight_that_is_not_in_the_files_is_never_left_to_chance(whole: Path, tmp_path: Path, load: Any) -> None:
    name = "model.layers.0.mlp.down_proj.weight"
    with pytest.raises(FactoryError, match=rf"the weights lack {name} \(take a whole copy"):
        load(changed(whole, tmp_path / "a", lambda weights: weights.pop(name)))
    with pytest.raises(FactoryError, match=rf"{name} is 3×2, and \d+×\d+ by config\.json"):
        load(changed(whole, tmp_path / "b", lambda weights: weights.update({name: weights[name][:3, :2].clone()})))
    with pytest.raises(FactoryError, match=r"the weights lack \S+ and \d+ more"):
        load(
            changed(whole, tmp_path / "c", lambda _: None, model_type="gpt_neox", architectures=["GPTNeoXForCausalLM"])
        )
    load(changed(whole, tmp_path / "d", lambda weights: weights.update(other=weights[name][:1].clone())))


def test_an_adapter_beside_the_weights_is_left_aside() -> None:
    names = [ONE, "config.json", ADAPTER, "adapter_model.safetensors", "tokenizer.json"]
    assert model_files(names, None) == ["config.json", "tokenizer.json", ONE]


def test_shards_that_no_index_names_are_no_model_and_an_index_needs_metadata(sharded: Path) -> None:
    index = json.loads((sharded / INDEX).read_text())
    (sharded / INDEX).write_text(json.dumps({"weight_map": index["weight_map"]}))
    with pytest.raises(FactoryError, match="no `metadata`"):
        needed_weights(sharded)
    with pytest.raises(FactoryError, match=r"which would say what model-00001-of-00002\.safetensors is"):
        model_files(["config.json", "model-00001-of-00002.safetensors"], None)
