import doctest

import pytest

import factory.models.chat as chat
from factory.errors import FactoryError
from factory.models.chat import IGNORED, Layout, find_layout, make_encoder
from factory.models.train.templates import template_text
from tests.steps.model_toys import make_model

TALK = [
    {"role": "user", "content": "the cat"},
    {"role": "assistant", "content": "a dog"},
    {"role": "user", "content": "قطة"},
    {"role": "assistant", "content": " الكِتَاب كبير"},
]
LLAMA_STYLE = (
    "{{ bos_token }}{% for m in messages %}{{ '<' + m.role + '>\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>\\n' }}{% endif %}"
)
FORGETFUL = "{% for m in messages %}{{ m.content if loop.last else '' }}{% endfor %}"


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(make_model(tmp_path_factory.mktemp("chat") / "base").model)


def learnt(tokenizer, labels):
    return tokenizer.decode([label for label in labels if label != IGNORED])


def encode(tokenizer, template, assistant_only=True):
    tokenizer.chat_template = template
    return make_encoder(tokenizer, Layout(column="messages"), None, assistant_only, "here").encode(TALK)


def test_examples_in_the_docstrings():
    assert doctest.testmod(chat).failed == 0


def test_without_markers_the_same_tokens_are_learnt(tokenizer):
    marked = encode(tokenizer, template_text("chatml"))
    plain = template_text("chatml").replace("{%- generation -%}", "").replace("{%- endgeneration -%}", "")
    assert learnt(tokenizer, marked[1]) == "a dog<|im_end|> الكِتَاب كبير<|im_end|>"
    assert encode(tokenizer, plain) == marked


def test_every_turn_of_a_foreign_template(tokenizer):
    ids, labels = encode(tokenizer, LLAMA_STYLE)
    assert learnt(tokenizer, labels) == "a dog<|im_end|> الكِتَاب كبير<|im_end|>"
    assert len(ids) == len(labels)
    ids, labels = encode(tokenizer, LLAMA_STYLE, assistant_only=False)
    assert ids == labels


def test_templates_that_trl_knows_are_used_with_its_markers(tokenizer):
    from trl.chat_template_utils import lfm2_chat_template

    tokenizer.chat_template = lfm2_chat_template
    encoder = make_encoder(tokenizer, Layout(column="messages"), None, True, "here")
    assert encoder.marked and encoder.template != lfm2_chat_template
    assert "a dog<|im_end|>" in learnt(tokenizer, encoder.encode(TALK)[1])
    assert tokenizer.chat_template == lfm2_chat_template


def test_a_template_that_rewrites_earlier_turns_is_refused(tokenizer):
    tokenizer.chat_template = FORGETFUL
    encoder = make_encoder(tokenizer, Layout(column="messages"), None, True, "recipe.yaml:3:1")
    with pytest.raises(FactoryError, match=r"row 5 of the training data: .*set chat_template") as error:
        encoder({"messages": [TALK]}, [5])
    assert error.value.where == "recipe.yaml:3:1"


def test_a_template_s_own_refusal_names_the_row(tokenizer):
    tokenizer.chat_template = "{{ raise_exception('System role not supported') }}"
    encoder = make_encoder(tokenizer, Layout(column="messages"), None, True, "here")
    with pytest.raises(FactoryError, match="row 2 of the training data: System role not supported"):
        encoder({"messages": [TALK]}, [2])


def test_system_turn_comes_first():
    layout = find_layout(["messages"], system="be brief")
    assert layout.messages({"messages": TALK})[0] == {"role": "system", "content": "be brief"}


def test_prompt_and_completion_may_be_messages():
    row = {"prompt": TALK[:1], "completion": TALK[1:2]}
    assert find_layout(["prompt", "completion"]).messages(row) == TALK[:2]


def test_messages_before_conversations():
    assert find_layout(["conversations", "messages"]).column == "messages"
    assert find_layout(["conversations", "messages"], column="conversations").column == "conversations"


def test_braces_of_the_text_itself_stay():
    layout = find_layout(["q", "a"], prompt="{q}", response="{a}")
    row = {"q": r"\frac{a}{b} of {name}", "a": "{q}"}
    assert [turn["content"] for turn in layout.messages(row)] == [r"\frac{a}{b} of {name}", "{q}"]
