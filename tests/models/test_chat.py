import doctest

import pyarrow as pa
import pytest

import factory.models.chat as chat
from factory.models.chat import IGNORED, make_encoder
from factory.models.layout import Layout, find_layout
from factory.models.train.data import Examples
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
    assert encoder.marked and encoder.render.template != lfm2_chat_template
    assert "a dog<|im_end|>" in learnt(tokenizer, encoder.encode(TALK)[1])
    assert tokenizer.chat_template == lfm2_chat_template


def left_out(tokenizer, template, messages):
    tokenizer.chat_template = template
    encoder = make_encoder(tokenizer, Layout(column="messages"), None, True, "here")
    found = Examples(encoder)(pa.table({"messages": [messages, TALK[:2]]}))
    assert found["input_ids"][0] == found["labels"][0] == [] and not found["truncated"][0]
    return found["left_out"]


def test_a_template_that_rewrites_earlier_turns_leaves_the_row_out(tokenizer):
    first, second = left_out(tokenizer, FORGETFUL, TALK)
    assert "renders earlier turns differently" in first and "set chat_template" in first and first == second


def test_a_template_s_own_refusal_is_the_reason(tokenizer):
    strict = (
        "{% for m in messages %}"
        "{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
        "{{ '<' + m.role + '>' + m.content }}{% endfor %}{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
    )
    talk = [{"role": "system", "content": "be brief"}, *TALK]
    assert left_out(tokenizer, strict, talk) == ["the chat template refuses it: System role not supported", ""]


def only(layout, row):
    """The messages of one row."""
    [found] = layout.conversations(pa.Table.from_pylist([row]))
    return found


def test_system_turn_comes_first():
    layout = find_layout(["messages"], system="be brief")
    assert only(layout, {"messages": TALK})[0] == {"role": "system", "content": "be brief"}


def test_prompt_and_completion_may_be_messages():
    row = {"prompt": TALK[:1], "completion": TALK[1:2]}
    assert only(find_layout(["prompt", "completion"]), row) == TALK[:2]


def test_messages_before_conversations():
    assert find_layout(["conversations", "messages"]).column == "messages"
    assert find_layout(["conversations", "messages"], column="conversations").column == "conversations"


def test_braces_of_the_text_itself_stay():
    layout = find_layout(["q", "a"], prompt="{q}", response="{a}")
    row = {"q": r"\frac{a}{b} of {name}", "a": "{q}"}
    assert [turn["content"] for turn in only(layout, row)] == [r"\frac{a}{b} of {name}", "{q}"]


def test_templates_reach_inside_and_know_literal_braces():
    layout = find_layout(["t", "q", "n"], prompt="{t.en} {{q}} {n}", response="{t.list[-1]}")
    row = {"t": {"en": "cat", "list": ["a", "dog"]}, "q": "no", "n": 3}
    assert [turn["content"] for turn in only(layout, row)] == ["cat {q} 3", "dog"]
    assert "column 't.en' is empty" in str(only(layout, {"t": {"en": None, "list": ["a"]}, "q": "no", "n": 1}))


def test_calls_of_tools_are_written_by_the_template_or_as_text(tokenizer):
    call = {"type": "function", "function": {"name": "find", "arguments": '{"query": "cat"}'}}
    talk = [*TALK[:1], {"role": "assistant", "content": None, "tool_calls": [call]}, {"role": "tool", "content": "1"}]
    tokenizer.chat_template = template_text("chatml")
    [plain] = make_encoder(tokenizer, Layout(column="messages"), None, True, "").read(pa.table({"messages": [talk]}))
    assert plain[1]["content"] == '<tool_call>\n{"name": "find", "arguments": {"query": "cat"}}\n</tool_call>'
    tokenizer.chat_template = (
        "{% for m in messages %}{{ '<' + m.role + '>' + m.content }}{% for c in m.tool_calls or [] %}"
        "{{ c.function.name }}({{ c.function.arguments.query }}){% endfor %}<end>{% endfor %}"
    )
    encoder = make_encoder(tokenizer, Layout(column="messages"), None, True, "")
    [known] = encoder.read(pa.table({"messages": [talk]}))
    assert encoder.rendered(known) == "<user>the cat<end><assistant>find(cat)<end><tool>1<end>"
