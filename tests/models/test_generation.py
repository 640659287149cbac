"""Published models stop where their answers end, and can be saved whatever their settings say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from factory.engines.tokens import Tokens
from factory.errors import FactoryError
from factory.models.generation import end_answers, idle_settings, told
from factory.models.models import copy_settings, load_model, load_tokenizer, save_model, write_model
from factory.models.tokens import set_chat_template
from tests.support import byte_tokenizer, random_model

TEMPLATES = Path(__file__).parents[2] / "factory" / "rehearsal" / "templates"
LLAMA3 = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n"
    "{{ m['content'] }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
COHERE = ["<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|CHATBOT_TOKEN|>", "<|USER_TOKEN|>"]
KINDS = {
    "chatml": ("chatml", ["<|im_start|>", "<|im_end|>"], "<|im_end|>", "<|im_end|>"),
    "llama 3": (LLAMA3, ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"], "<|eot_id|>", "<|eot_id|>"),
    "gemma": ("fanar", ["<start_of_turn>", "<end_of_turn>"], "<end_of_turn>", "<end_of_turn>"),
    "cohere": ("cohere2", [*COHERE, "<|START_RESPONSE|>", "<|END_RESPONSE|>"], "<|END_RESPONSE|>", "<|END_RESPONSE|>"),
    "qwen": ("qwen2", ["<|im_start|>", "<|im_end|>"], "<|im_end|>", "<|im_end|>"),
}
"""Kind -> (template, its tokens, what the model says at once after its prompt, its eos_token after training)."""


def model(folder: Path, template: str, special: list[str], says: str) -> Path:
    """Says one token over and over, whatever it is asked; its settings name </s> as the only end."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    text = template if "{" in template else (TEMPLATES / f"{template}.jinja").read_text()
    tokenizer = byte_tokenizer(text)
    tokenizer.add_special_tokens({"additional_special_tokens": special})
    size = len(tokenizer)
    config = LlamaConfig(
        vocab_size=size, hidden_size=size, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1,
        num_key_value_heads=1, head_dim=8, bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    made = LlamaForCausalLM(config)
    with torch.no_grad():
        for layer in made.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        made.model.embed_tokens.weight.copy_(torch.eye(size))
        made.lm_head.weight.zero_()
        made.lm_head.weight[tokenizer.convert_tokens_to_ids(says)] = 1.0
    made.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def written(folder: Path) -> int:
    """New tokens of the snippet that a card shows."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    chats = AutoModelForCausalLM.from_pretrained(folder)
    messages = [{"role": "user", "content": "Hello!"}]
    inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    output = chats.generate(**inputs, max_new_tokens=64, do_sample=False)
    return output.shape[1] - inputs["input_ids"].shape[1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_snippet_of_a_card_stops(kind: str, tmp_path: Path) -> None:
    template, special, says, eos = KINDS[kind]
    folder = model(tmp_path / "m", template, special, says)
    assert written(folder) == 64
    end_answers(folder, learnt=True)
    assert written(folder) == 1
    tokens = Tokens(folder)
    settings = json.loads((folder / "generation_config.json").read_text())
    assert settings["eos_token_id"] == tokens.ends and len(tokens.ends) == 2
    assert tokens.tokenizer.eos_token == eos
    assert settings["bos_token_id"] == 0


def test_what_was_not_trained_on_turns_keeps_its_end_token(tmp_path: Path) -> None:
    """A merged or quantized chat model stops as well, by its settings; a model without a template stays as it is."""
    folder = model(tmp_path / "m", *KINDS["gemma"][:3])
    end_answers(folder)
    assert written(folder) == 1 and Tokens(folder).tokenizer.eos_token == "</s>"
    bare = random_model(tmp_path / "bare", template=None).model
    before = {path.name: path.read_bytes() for path in bare.iterdir()}
    end_answers(bare, learnt=True)
    assert {path.name: path.read_bytes() for path in bare.iterdir()} == before


def test_an_end_token_that_the_template_writes_stays(tmp_path: Path) -> None:
    """Command A ends its answers with one token and its turns, as its eos_token says, with another."""
    template, special, _, _ = KINDS["cohere"]
    folder = model(tmp_path / "m", template, special, "<|END_RESPONSE|>")
    for name in ("tokenizer_config.json",):
        settings = json.loads((folder / name).read_text()) | {"eos_token": "<|END_OF_TURN_TOKEN|>"}
        (folder / name).write_text(json.dumps(settings))
    end_answers(folder, learnt=True)
    assert Tokens(folder).tokenizer.eos_token == "<|END_OF_TURN_TOKEN|>" and written(folder) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 0.6, "top_p": 0.9},
        {"do_sample": False, "top_k": 20, "typical_p": 0.5, "min_p": 0.1},
        {"length_penalty": 2.0, "early_stopping": True},
        {"pad_token_id": -1},
    ],
    ids=["llama 2", "sampling", "beams", "padding"],
)
def test_settings_without_effect_never_lose_a_training(tmp_path: Path, settings: dict) -> None:
    folder = random_model(tmp_path / "m").model
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
    assert all(name in told(folder)[0] for name in settings if name != "do_sample")
    save_model(load_model(folder, "float32"), tmp_path / "saved", "float32")
    assert told(tmp_path / "saved") == []
    saved = json.loads((tmp_path / "saved" / "generation_config.json").read_text())
    assert not set(settings) & saved.keys() - {"do_sample"}


def test_settings_that_contradict_each_other_are_found_at_the_start(tmp_path: Path) -> None:
    folder = random_model(tmp_path / "m").model
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"num_return_sequences": 4}))
    with pytest.raises(FactoryError, match="cannot load the model: Greedy methods"):
        load_model(folder, "float32")


def test_a_model_with_code_of_its_own_is_finished_like_any_other(tmp_path: Path) -> None:
    """Where the configuration is read by the repo's own module, as after hours of training."""
    source = random_model(tmp_path / "m").model
    (source / "generation_config.json").unlink()
    config = json.loads((source / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "configuration_own.OwnConfig"}}
    (source / "config.json").write_text(json.dumps(config))
    (source / "configuration_own.py").write_text(
        "from transformers import LlamaConfig\n\n\nclass OwnConfig(LlamaConfig):\n    model_type = 'own'\n"
    )
    target = tmp_path / "made"
    target.mkdir()
    (target / "config.json").write_text(json.dumps(config))
    assert told(source, trust_remote_code=True) == []
    copy_settings(source, target, trust_remote_code=True)
    assert (target / "configuration_own.py").is_file()
    settings = json.loads((target / "generation_config.json").read_text())
    assert settings["eos_token_id"] == 1 and settings["bos_token_id"] == 0


def test_sampling_keeps_its_settings(tmp_path: Path) -> None:
    folder = random_model(tmp_path / "m").model
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"do_sample": True, "temperature": 0.6}))
    assert idle_settings(load_model(folder, "float32").generation_config) == {} == dict.fromkeys(told(folder))


def turns(user: str, assistant: str, ask: str = "") -> str:
    """A template that writes turns so; C is what they say."""
    content = "{{ m['content'] }}"
    written = f"{{% if m['role'] == 'user' %}}{user}{{% else %}}{assistant}{{% endif %}}".replace("C", content)
    return f"{{% for m in messages %}}{written}{{% endfor %}}{{% if add_generation_prompt %}}{ask}{{% endif %}}"


NEW = {
    "gemma": (
        turns("<start_of_turn>user\nC<end_of_turn>\n", "<start_of_turn>model\nC<end_of_turn>\n"),
        "<end_of_turn>",
    ),
    "gemma 4": (turns("<|turn>user\nC<turn|>\n", "<|turn>model\nC<turn|>\n"), "<turn|>"),
    "deepseek": (turns("<｜User｜>C", "<｜Assistant｜>C<｜end▁of▁sentence｜>"), "<｜end▁of▁sentence｜>"),
    "phi": (turns("<|user|>\nC<|end|>\n", "<|assistant|>\nC<|end|>\n"), "<|end|>"),
    "words after it": (turns("<|user|>C<|end|>", "<|assistant|>C<|end|> Done!"), "<|end|>"),
    "zephyr": (turns("<|user|>\nC{{ eos_token }}\n", "<|assistant|>\nC{{ eos_token }}\n"), "</s>"),
    "llama 2": (turns("{{ bos_token }}[INST] C [/INST]", " C {{ eos_token }}"), "</s>"),
}
ENDLESS_ONES = {
    "alpaca": turns("### Instruction:\nC\n\n", "### Response:\nC\n\n"),
    "glm 4": turns("<|user|>\nC", "<|assistant|>\nC"),
    "words": turns("Q: C\n", "A: C\nEND\n"),
}


def given(folder: Path, template: str) -> tuple[Path, list[str]]:
    """A model without the template's tokens, once the template is put on it and it has learnt its turns."""
    source = random_model(folder / "m", template=None).model
    made, tokenizer = load_model(source, "float32"), load_tokenizer(source)
    set_chat_template(tokenizer, made, template)
    (folder / "made").mkdir()
    write_model(made, folder / "made", "float32", tokenizer=tokenizer)
    return folder / "made", end_answers(folder / "made", learnt=True)


@pytest.mark.parametrize("kind", NEW)
def test_a_template_brings_the_token_that_ends_its_turns(kind: str, tmp_path: Path) -> None:
    template, end = NEW[kind]
    folder, notes = given(tmp_path, template)
    tokenizer = Tokens(folder).tokenizer
    settings = json.loads((folder / "generation_config.json").read_text())["eos_token_id"]
    assert tokenizer.eos_token == end and notes == []
    assert tokenizer.convert_tokens_to_ids(end) in (settings if isinstance(settings, list) else [settings])


@pytest.mark.parametrize("kind", ENDLESS_ONES)
def test_a_template_without_such_a_token_is_told(kind: str, tmp_path: Path) -> None:
    assert "no token after an answer" in given(tmp_path, ENDLESS_ONES[kind])[1][0]
