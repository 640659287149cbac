"""Weights are the files that transformers takes, whatever lies beside them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from factory.engines.weights import INDEX, ONE, model_files, needed_weights, weight_files, weight_names
from factory.errors import FactoryError
from factory.models.merge.reading import Mapped
from factory.models.models import load_model, size_bytes
from factory.models.tensors import count, read_tensors
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
