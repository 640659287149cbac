"""What a model's small files say, without a library of models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from factory.errors import FactoryError
from factory.models.outline import is_tied, read_outline
from tests.support import random_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return random_model(tmp_path / "m").model


def change(folder: Path, add: Any) -> None:
    """Save the tokenizer once more with what `add` does to it; the embeddings stay as they are."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    add(tokenizer)
    tokenizer.save_pretrained(folder)


def test_a_whole_model(model: Path) -> None:
    outline = read_outline(model)
    outline.require_whole()
    outline.require_chat("")
    assert outline.chat and not outline.beyond
    assert set(outline.tables) == {"model.embed_tokens", "lm_head"}


@pytest.mark.parametrize(
    "add",
    [
        lambda tokenizer: tokenizer.add_tokens(["<|new|>"]),
        lambda tokenizer: tokenizer.add_special_tokens({"pad_token": "<|new|>"}),
        lambda tokenizer: tokenizer.add_special_tokens({"eos_token": "<|new|>"}),
        lambda tokenizer: (
            tokenizer.add_special_tokens({"additional_special_tokens": ["<|new|>"]}),
            setattr(tokenizer, "chat_template", tokenizer.chat_template + "<|new|>"),
        ),
    ],
)
def test_tokens_without_a_row_are_named(model: Path, add: Any) -> None:
    change(model, add)
    outline = read_outline(model)
    assert outline.beyond == ("<|new|>",)
    with pytest.raises(FactoryError, match=r"1 tokens beyond the embeddings: <\|new\|> \(.*resize_token_embeddings"):
        outline.require_whole()


def test_a_vocabulary_that_is_larger_than_the_embeddings_is_found(model: Path) -> None:
    path = model / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"vocab_size": config["vocab_size"] - 5}))
    assert len(read_outline(model).beyond) == 5


def test_a_special_token_that_nothing_writes_needs_no_row(model: Path) -> None:
    """Gemma 3's text models have 262,144 rows and a tokenizer that knows one token more, of images."""
    change(
        model, lambda tokenizer: tokenizer.add_special_tokens({"additional_special_tokens": ["<image_soft_token>"]})
    )
    read_outline(model).require_whole()


def test_what_is_not_there_is_not_known(tmp_path: Path) -> None:
    outline = read_outline(tmp_path)
    assert outline.chat is None and not outline.config
    outline.require_whole()
    outline.require_chat("")


def test_heads_are_tied_as_transformers_ties_them() -> None:
    tied = {kind: is_tied({"model_type": kind}) for kind in ("llama", "lfm2", "gemma2", "cohere2", "qwen2")}
    assert tied == {"llama": False, "lfm2": True, "gemma2": True, "cohere2": True, "qwen2": False}
    assert is_tied({"model_type": "qwen2", "tie_word_embeddings": True})
    assert is_tied({"model_type": "own", "auto_map": {}})


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("config.json", b"{nope", "config.json cannot be read: Expecting property name"),
        ("config.json", b'{"a": "\xe9"}', "config.json cannot be read: 'utf-8' codec"),
        ("config.json", b"[1]", "config.json is no configuration of a model"),
        ("config.json", b'{"text_config": "small"}', "config.json is no configuration of a model"),
        ("tokenizer.json", b"{", "tokenizer's files cannot be read: .*tokenizer.json: Expecting"),
        ("tokenizer.json", b"[]", "tokenizer's files cannot be read: .*tokenizer.json is no JSON object"),
        ("tokenizer.json", b'{"added_tokens": null}', "tokenizer's files cannot be read"),
        ("tokenizer.json", b'{"added_tokens": [{"content": "x"}]}', "tokenizer's files .* KeyError: 'id'"),
        ("tokenizer.json", b'{"model": {"vocab": [1, 2]}}', "tokenizer's files cannot be read"),
        ("tokenizer.json", b'{"model": {"vocab": {"a": "b"}}}', "tokenizer's files cannot be read"),
        ("tokenizer_config.json", b"{", "tokenizer's files cannot be read"),
        ("tokenizer_config.json", b'{"added_tokens_decoder": {"x": {}}}', "tokenizer's files cannot be read"),
        ("tokenizer_config.json", b'{"pad_token": ["a"]}', "tokenizer's files cannot be read"),
        ("added_tokens.json", b'{"a": "b"}', "tokenizer's files cannot be read"),
        ("chat_template.jinja", b"\xe9", "tokenizer's files cannot be read: UnicodeDecodeError"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_named(model: Path, name: str, content: bytes, says: str) -> None:
    (model / name).write_bytes(content)
    with pytest.raises(FactoryError, match=says) as caught:
        read_outline(model)
    assert caught.value.where == str(model)


def test_weights_that_are_cut_are_named(model: Path) -> None:
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(FactoryError, match=r"model\.safetensors is no whole safetensors file"):
        read_outline(model)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nope", "generation_config.json: Expecting value"),
        ("[]", "generation_config.json is no JSON object"),
        ('{"eos_token_id": "1"}', "eos_token_id is '1'"),
        ('{"eos_token_id": [1, null]}', "eos_token_id is "),
    ],
)
def test_settings_of_generation_that_cannot_be_read_are_named(model: Path, text: str, said: str) -> None:
    (model / "generation_config.json").write_text(text)
    with pytest.raises(FactoryError) as caught:
        read_outline(model)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["{}", '{"eos_token_id": null}', '{"eos_token_id": 1}', '{"eos_token_id": [1, 2]}'])
def test_settings_of_generation_as_they_may_be(model: Path, text: str) -> None:
    (model / "generation_config.json").write_text(text)
    assert read_outline(model).chat
