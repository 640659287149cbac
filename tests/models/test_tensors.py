"""Buffers that older releases of transformers stored beside the weights: every verb leaves them aside."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

import factory.models.tensors
from factory.errors import FactoryError
from factory.models.models import load_model
from factory.models.tensors import is_buffer, read_tensors
from factory.steps.expand_vocab import ExpandVocab
from factory.steps.merge import Merge
from factory.steps.quantize import Quantize
from factory.steps.sft import Sft
from factory.store import Manifest
from tests.steps.model_toys import chats, dataset, job, make_model, sentences, weights


def test_examples_in_the_docstrings() -> None:
    assert doctest.testmod(factory.models.tensors).failed == 0


@pytest.mark.parametrize(
    ("name", "shape", "buffer"),
    [
        ("model.layers.3.self_attn.rotary_emb.inv_freq", [4], True),
        ("model.rotary_emb.original_inv_freq", [4], True),
        ("model.layers.0.self_attn.rotary_emb.cos_cached", [1, 1, 64, 8], True),
        ("gpt_neox.layers.0.attention.bias", [1, 1, 64, 64], True),
        ("gpt_neox.layers.0.attention.masked_bias", [], True),
        ("transformer.h.0.attn.bias", [1, 1, 64, 64], True),
        ("transformer.h.0.attn.c_attn.bias", [96], False),
        ("model.layers.0.self_attn.q_proj.bias", [32], False),
        ("model.layers.0.attn.bias", [32], False),
        ("model.layers.0.freq_proj.weight", [4, 4], False),
    ],
)
def test_what_is_no_weight(name: str, shape: list[int], buffer: bool) -> None:
    assert is_buffer(name, shape) is buffer


def with_buffers(folder: Path, seed: int) -> Any:
    """A Llama whose file holds what Llama's first conversions held: the rotary frequencies of every layer."""
    made = make_model(folder, "llama", seed=seed)
    layers = {f"model.layers.{number}.self_attn.rotary_emb.inv_freq": torch.rand(4) for number in range(2)}
    save_file(weights(made.model) | layers, made.model / "model.safetensors", metadata={"format": "pt"})
    return made


@pytest.mark.parametrize("verb", ["slerp", "ties", "quantize", "expand_vocab", "sft"])
@pytest.mark.parametrize("stored", ["source", "other"])
def test_no_verb_takes_them_for_weights(tmp_path: Path, verb: str, stored: str) -> None:
    if stored == "other" and verb not in ("slerp", "ties"):
        pytest.skip("has no other model")
    old, new = with_buffers(tmp_path / "old", 1), make_model(tmp_path / "new", "llama", seed=2)
    source, other = (old, new) if stored == "source" else (new, old)
    work = job(tmp_path / "out", source, other=other)
    work.language = {"source": "en", "target": "ar"}
    if verb in ("slerp", "ties"):
        Merge.model_validate({"with": "other", "method": verb} | ({"base": "other"} if verb == "ties" else {})).run(
            work
        )
    elif verb == "quantize":
        Quantize().run(work)
    elif verb == "sft":
        work.inputs["data"] = dataset(tmp_path / "data", chats(8))
        Sft.model_validate({"data": "data", "learning_rate": 1e-3, "max_steps": 1}).run(work)
    else:
        work.inputs["data"] = dataset(tmp_path / "data", [{"text": text} for text in sentences(60)])
        ExpandVocab.model_validate({"data": "data", "size": 5}).run(work)
    assert not [name for name in weights(work.out / "model") if "inv_freq" in name]
    load_model(work.out / "model", "auto")
    assert work.metrics["size_bytes"] > 0


def test_they_are_not_counted(tmp_path: Path) -> None:
    old = with_buffers(tmp_path / "old", 1)
    assert set(read_tensors(old.model)) == set(weights(make_model(tmp_path / "new", "llama").model))
    assert isinstance(old.manifest, Manifest)


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "longer"])
def test_a_file_that_is_not_whole_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"w": torch.ones(4, 4)}, path)
    assert read_tensors(tmp_path)["w"].shape == (4, 4)
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[:-9], "text": b"no weights", "empty": b"", "longer": whole + b"\0\0"}[damage])
    with pytest.raises(FactoryError, match=r"is no whole safetensors file: .* \(fetch or make it again"):
        read_tensors(tmp_path)
