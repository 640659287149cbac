from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.text.conversations import as_messages, as_sharegpt, conversation_texts, role_of, with_texts
from factory.text.json_text import is_json, json_strings, with_json_strings

CHAT = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is this?"}], "id": 7},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "function": {"name": "find", "arguments": '{"query": "a caf\\u00e9",  "n": [1]}'}},
            {"id": "c2", "function": {"name": "find", "arguments": {"query": "a cat", "in": {"query": ["x", 2]}}}},
        ],
    },
    {"role": "tool", "content": '{"query": "no", "found": "yes"}'},
    {"role": "assistant", "content": "A cat."},
]


def test_only_what_people_and_models_say_is_text():
    assert [(found.turn, found.role, found.text) for found in conversation_texts(CHAT)] == [
        (0, "system", "Be kind."),
        (1, "user", "What is this?"),
        (4, "assistant", "A cat."),
    ]


def test_chosen_keys_of_json_are_text_too():
    texts = [found.text for found in conversation_texts(CHAT, {"query", "name"})]
    assert texts == ["Be kind.", "What is this?", "a café", "a cat", "no", "A cat."]
    changed = with_texts(CHAT, [f'«"{text}"»' for text in texts], {"query", "name"})
    calls = changed[2]["tool_calls"]
    assert calls[0]["function"] == {"name": "find", "arguments": '{"query": "«\\"a café\\"»",  "n": [1]}'}
    assert calls[1]["function"]["arguments"] == {"query": '«"a cat"»', "in": {"query": ["x", 2]}}
    assert json.loads(changed[3]["content"]) == {"query": '«"no"»', "found": "yes"}
    assert as_messages(changed[2:3], tool_calls=True) and changed[1]["id"] == 7


def test_sharegpt_keeps_its_names_roles_and_order():
    turns = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": '["a"]'}, {"from": "gpt", "value": "Yes"}]
    assert [role_of(turn) for turn in turns] == ["user", "assistant", "assistant"]
    assert with_texts(turns, ["س", "ن"]) == [
        {"from": "human", "value": "س"},
        {"from": "gpt", "value": '["a"]'},
        {"from": "gpt", "value": "ن"},
    ]


def test_the_source_is_left_alone_and_counts_must_agree():
    before = json.dumps(CHAT)
    with_texts(CHAT, ["1", "2", "3"])
    assert json.dumps(CHAT) == before
    with pytest.raises(ValueError):
        with_texts(CHAT, ["1", "2"])


VALUES = st.text(max_size=20) | st.sampled_from(['{"q": "x"}', '["q", {"q": ["y"]}]', '{"a": {"q": "é"}}'])
CONTENT = VALUES | st.none() | st.lists(st.builds(lambda text: {"type": "text", "text": text}, VALUES), max_size=3)
MESSAGES = st.lists(
    st.builds(lambda role, content: {"role": role, "content": content}, st.sampled_from(["user", "tool"]), CONTENT)
    | st.builds(lambda role, value: {"from": role, "value": value}, st.sampled_from(["human", "gpt"]), VALUES)
    | st.builds(
        lambda text: {"role": "assistant", "tool_calls": [{"function": {"name": "q", "arguments": text}}]}, VALUES
    ),
    max_size=5,
)


@given(MESSAGES, st.sampled_from([(), ("q",), ("q", "a")]))
def test_the_same_texts_give_the_same_conversation(messages, keys):
    texts = [found.text for found in conversation_texts(messages, keys)]
    assert with_texts(messages, texts, keys) == messages
    again = with_texts(messages, [text + "ش" for text in texts], keys)
    assert [role_of(message) for message in again] == [role_of(message) for message in messages]
    assert len(conversation_texts(again, keys)) <= len(texts)


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc") | st.text(max_size=2), inner),
    max_leaves=10,
)


def replaced(value, key):
    if isinstance(value, dict):
        return {name: replaced(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, key) for inner in value]
    return "س\n" + value if isinstance(value, str) and key in ("a", "b") else value


@given(JSON, st.sampled_from([None, 1]), st.booleans())
def test_json_values_are_replaced_where_a_parser_would_find_them(value, indent, ascii_only):
    document = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    strings = json_strings(document, {"a", "b"})
    assert with_json_strings(document, strings, [string.value for string in strings]) == document
    changed = with_json_strings(document, strings, ["س\n" + string.value for string in strings])
    assert json.loads(changed) == replaced(value, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [('{"a": 1}', True), (" [1]\n", True), ("[a]", False), ("12", False), ("", False), ("[" * 100_000, False)],
)
def test_is_json(text, expected):
    assert is_json(text) is expected


@pytest.mark.parametrize(
    ("turns", "messages"),
    [
        (
            [{"role": "User", "content": "Hi"}, {"from": "model", "value": "Yes"}],
            [("user", "Hi"), ("assistant", "Yes")],
        ),
        ([{"role": "developer", "content": "Be kind."}], [("system", "Be kind.")]),
        ([{"role": None, "from": "gpt", "content": None, "value": "Yes"}], [("assistant", "Yes")]),
        (
            [{"from": "observation", "value": "1"}, {"role": "function", "content": "2"}],
            [("tool", "1"), ("tool", "2")],
        ),
        ([{"role": "user", "content": [{"type": "text", "text": "a", "image": None}, "b"]}], [("user", "a\nb")]),
        ([{"role": "user", "content": None}, {"role": "user", "content": []}], [("user", ""), ("user", "")]),
        (
            [{"from": "function_call", "value": '{"name": "f", "arguments": {"a": 1}}'}],
            [("assistant", '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>')],
        ),
        (
            [{"role": "assistant", "content": "So:", "tool_calls": [{"name": "f", "arguments": {"a": 1, "b": None}}]}],
            [("assistant", 'So:\n<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>')],
        ),
    ],
)
def test_every_shape_becomes_messages(turns, messages):
    assert [(turn["role"], turn["content"]) for turn in as_messages(turns)] == messages
    assert [turn["value"] for turn in as_sharegpt(turns)] == [content for _, content in messages]


@pytest.mark.parametrize(
    ("turns", "why"),
    [
        (None, "there is no conversation"),
        ("Hi", "no list of turns"),
        ([None], "a turn has no role"),
        ([{"role": "narrator", "content": "Once"}], "role 'narrator' is not known"),
        ([{"role": "user", "content": [{"type": "image", "image": {"bytes": b""}}]}], "a turn holds image"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}], "a turn holds image"),
        ([{"role": "user", "content": 3}], "a turn holds int"),
        (
            [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{'a': 1}"}}]}],
            "are not JSON",
        ),
        ([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "[1]"}}]}], "are no object"),
    ],
)
def test_what_is_no_conversation_of_texts_says_why(turns, why):
    with pytest.raises(ValueError, match=why):
        as_messages(turns)


@given(MESSAGES)
def test_what_can_be_translated_can_be_learnt(messages):
    """Every content that `conversation_texts` finds stands in the messages, turn by turn."""
    try:
        made = as_messages(messages)
    except ValueError as error:
        assert "arguments of a tool call" in str(error)  # the one thing that may be broken in these
        return
    assert len(made) == len(messages)
    for found in conversation_texts(messages):
        assert found.text in made[found.turn]["content"]
