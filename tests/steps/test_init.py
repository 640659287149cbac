import json

import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.init import Init
from tests.steps.model_toys import CONFIGS, answer, dataset, job, make_model, sentences, weights


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_new_model_loads_and_answers(tmp_path, kind):
    model = make_model(tmp_path / "new", kind)
    folder = model.model
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "generation_config.json", "tokenizer.json", "chat_template.jinja"} <= names
    assert not any(name.endswith((".bin", ".pt")) for name in names)
    assert isinstance(answer(folder, "the cat"), str)
    config = json.loads((folder / "config.json").read_text())
    assert (config["pad_token_id"], config["bos_token_id"], config["eos_token_id"]) == (0, 1, 4)


def test_lfm2_config_has_what_vllm_reads(tmp_path):
    config = json.loads((make_model(tmp_path / "new").model / "config.json").read_text())
    assert config["conv_dim"] == config["block_dim"] == config["hidden_size"]


def test_metrics_count_the_weights(tmp_path):
    text = dataset(tmp_path / "text", [{"text": text} for text in sentences(100)])
    work = job(tmp_path / "new", text=text)
    Init.model_validate({"config": CONFIGS["lfm2"], "tokenizer_data": "text", "vocab_size": 300}).run(work)
    stored = weights(tmp_path / "new" / "model")
    assert work.metrics["parameters"] == sum(tensor.numel() for tensor in stored.values())
    assert str(stored["model.embed_tokens.weight"].dtype) == "torch.bfloat16"
    assert work.metrics["vocab_size"] == 300


def test_seed_decides_the_weights(tmp_path):
    first, same, other = (
        weights(make_model(tmp_path / name, seed=seed).model) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    name = "model.embed_tokens.weight"
    assert all((first[key] == same[key]).all() for key in first)
    assert not (first[name] == other[name]).all()


def test_tokenizer_keeps_text_and_diacritics_within_words(tmp_path):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(make_model(tmp_path / "new").model)
    text = "الكِتَاب  كبير\n12 cats, naïve 漢字!"
    assert tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True) == text
    words = tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str("الكِتَاب أحمر")
    assert len(words) == 2


def test_a_tokenizer_trained_on_conversations_knows_roles_and_prompts(tmp_path):
    from transformers import AutoTokenizer

    text = dataset(tmp_path / "text", [{"text": text} for text in sentences(100)])
    turns = [{"role": "user", "content": "Translate: the cat"}, {"role": "assistant", "content": "sun"}]
    chats = dataset(tmp_path / "chats", [{"messages": turns}] * 40)
    given = {"config": CONFIGS["lfm2"], "tokenizer_data": ["text", "chats"], "vocab_size": 400}
    Init.model_validate(given | {"columns": ["text", "messages"]}).run(job(tmp_path / "new", text=text, chats=chats))
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "new" / "model")
    assert [len(tokenizer.tokenize(word)) for word in ("user", "assistant", "Translate")] == [1, 1, 1]
    with pytest.raises(FactoryError, match=r"no column 'text' in chats .valid: messages"):
        Init.model_validate(given).run(job(tmp_path / "other", text=text, chats=chats))
    misspelt = Init.model_validate(given | {"columns": ["text", "messages", "mesages"]})
    with pytest.raises(FactoryError, match="no column 'mesages' in text, chats"):
        misspelt.run(job(tmp_path / "third", text=text, chats=chats))
    with pytest.raises(ValidationError):
        Init.model_validate(given | {"tokenizer_data": []})


def test_chat_template_marks_the_assistant(tmp_path):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(make_model(tmp_path / "new").model)
    chat = [
        {"role": "system", "content": "sun"},
        {"role": "user", "content": "the cat"},
        {"role": "assistant", "content": "a dog"},
        {"role": "user", "content": "red"},
        {"role": "assistant", "content": "house"},
    ]
    done = tokenizer.apply_chat_template(chat, return_dict=True, return_assistant_tokens_mask=True)
    kept = [token for token, mask in zip(done["input_ids"], done["assistant_masks"], strict=True) if mask]
    assert tokenizer.decode(kept) == "a dog<|im_end|>house<|im_end|>"
    assert tokenizer.decode(done["input_ids"]) == (
        "<|startoftext|><|im_start|>system\nsun<|im_end|>\n<|im_start|>user\nthe cat<|im_end|>\n"
        "<|im_start|>assistant\na dog<|im_end|>\n<|im_start|>user\nred<|im_end|>\n"
        "<|im_start|>assistant\nhouse<|im_end|>\n"
    )


def test_tokenizer_of_another_model(tmp_path):
    other = make_model(tmp_path / "other", "llama")
    Init.model_validate({"config": CONFIGS["qwen2"], "tokenizer": "other"}).run(job(tmp_path / "new", other=other))
    first, second = (json.loads((tmp_path / n / "model" / "tokenizer.json").read_text()) for n in ("other", "new"))
    assert first["model"]["vocab"] == second["model"]["vocab"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": {"model_type": "lfm3"}}, "no model_type 'lfm3'.*lfm2"),
        ({"config": CONFIGS["lfm2"] | {"hidden_sise": 32}}, "no config field hidden_sise"),
        ({"config": CONFIGS["lfm2"] | {"vocab_size": 20}}, "vocab_size is 20, the tokenizer has 320"),
        ({"text": "body"}, "no column 'body' in .*valid: text"),
    ],
)
def test_wrong_parameters_are_one_clear_line(tmp_path, change, message):
    with pytest.raises(FactoryError, match=message) as error:
        make_model(tmp_path / "new", **change)
    assert error.value.where == "recipe.yaml:7:5"


def test_one_source_of_the_tokenizer():
    for extra in ({}, {"tokenizer": "a/b", "tokenizer_data": "c/d"}):
        with pytest.raises(ValidationError, match="give tokenizer"):
            Init.model_validate({"config": {"model_type": "lfm2"}} | extra)


def test_a_changed_template_changes_the_identity(tmp_path):
    options = {"config": {"model_type": "lfm2"}, "tokenizer_data": "t"}
    assert "generation" in Init.model_validate(options).parameters()["chat_template"]
    (tmp_path / "own.jinja").write_text("{{ messages }}")
    own = Init.model_validate(options | {"chat_template": "own.jinja"}, context={"folders": [tmp_path]})
    assert own.parameters()["chat_template"] == "{{ messages }}"
    with pytest.raises(ValidationError, match="unknown chat template 'chatlm'"):
        Init.model_validate(options | {"chat_template": "chatlm"})


VISION = {"depth": 1, "num_heads": 2, "patch_size": 14}
TOWERS = {
    "qwen2_vl": {**VISION, "embed_dim": 32, "hidden_size": 64, "mlp_ratio": 2},
    "qwen2_5_vl": {**VISION, "hidden_size": 32, "out_hidden_size": 64, "intermediate_size": 64},
    "qwen3_vl": {**VISION, "hidden_size": 32, "out_hidden_size": 64, "deepstack_visual_indexes": [0]},
}
TEXT = {"hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2}
TEXT |= {"intermediate_size": 64, "head_dim": 16}
TEXT |= {"rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}}


def vision_init(tmp_path, kind, **more):
    text = dataset(tmp_path / "text", [{"text": text} for text in sentences(100)])
    config = {"model_type": kind, "text_config": TEXT, "vision_config": TOWERS[kind]}
    given = {"config": config, "tokenizer_data": "text", "vocab_size": 320, "chat_template": "qwen-vl"}
    size = {"shortest_edge": 3136, "longest_edge": 12544}
    Init.model_validate({**given, "image_processor": {"size": size}, **more}).run(job(tmp_path / "new", text=text))
    return tmp_path / "new" / "model"


@pytest.mark.parametrize("kind", TOWERS)
def test_a_new_model_that_sees_is_shown_a_picture(tmp_path, kind):
    from factory.engines import Request
    from factory.engines.vision import Sight
    from factory.models.models import load_model, load_tokenizer
    from tests.tiny_vision import drawn

    folder = vision_init(tmp_path, kind)
    tokenizer = load_tokenizer(folder)
    asked = [Request.chat("What is it?", images=[drawn(size=(84, 84))] * 2, max_new_tokens=3)]
    batch = Sight(folder, tokenizer).encode(asked)
    model = load_model(folder, "float32")
    assert (batch["input_ids"] == model.config.image_token_id).sum() == 2 * 9  # a token for 28 x 28 pixels
    made = model.generate(**batch, max_new_tokens=3, do_sample=False)
    assert made.shape[1] <= batch["input_ids"].shape[1] + 3
    said = json.loads((folder / "preprocessor_config.json").read_text())
    assert said["image_processor_type"] == "Qwen2VLImageProcessor" and said["patch_size"] == 14


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"chat_template": "chatml"}, "chat_template: qwen-vl"),
        ({"image_processor": {"sizes": 3}}, "no setting 'sizes'"),
    ],
)
def test_a_model_that_sees_needs_its_tokens_and_settings_that_there_are(tmp_path, more, message):
    with pytest.raises(FactoryError, match=message):
        vision_init(tmp_path, "qwen2_vl", **more)


def test_only_a_model_that_sees_has_an_image_processor():
    with pytest.raises(ValidationError, match="vision_config"):
        Init.model_validate({"config": CONFIGS["llama"], "tokenizer_data": "text", "image_processor": {"size": {}}})
