"""One object that holds all rows gives them, or says why not; it is never one row."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.rows.json_rows import read_json

TWENTY = [{"q": f"q{n}", "a": [n]} for n in range(20)]
TURNS = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]


def rows(value: Any, form: str = "json", indent: int | None = None) -> list[Any]:
    return [row for _, row in read_json(io.StringIO(json.dumps(value, indent=indent)), form)]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("beside", [{}, {"version": "1.1", "about": {"lang": "ar"}}])
def test_the_rows_in_one_object_are_the_rows(indent: int | None, beside: dict[str, Any]) -> None:
    assert rows({**beside, "data": TWENTY}, indent=indent) == TWENTY
    assert rows({"whatever": TWENTY}, indent=indent) == TWENTY
    assert rows({"data": TWENTY}, "jsonl") == TWENTY


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"train": TWENTY, "test": TWENTY}, "lists of objects in 'train' and 'test'"),
        ({"name": "x", "questions": TWENTY}, "lists of objects in 'questions'"),
        ({"columns": ["q"], "data": [["x"], ["y"]]}, "lists of objects in 'data'"),
        ({"q": ["x", "y"], "a": ["z", "w"]}, "a table by columns"),
        ({"train": TWENTY[:1], "test": TWENTY[:1]}, "lists of objects in 'train' and 'test'"),
        ({"data": {"rows": TWENTY}}, "lists of objects in 'data.rows'"),
        ({str(number): row for number, row in enumerate(TWENTY)}, "a row under each key"),
        ({"q": {"0": "x", "1": "y"}, "a": {"0": "z", "1": "w"}}, "a table by columns"),
    ],
)
def test_what_does_not_say_its_rows_is_refused(value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rows(value)


@pytest.mark.parametrize(
    "value",
    [
        {"messages": TURNS},
        {"id": 1, "messages": TURNS},
        {"q": "x", "tags": ["a", "b"]},
        {"messages": TURNS, "tools": [{"name": "f"}, {"name": "g"}]},
        {"q": "x", "meta": {"tags": ["a", "b"]}, "more": {}},
    ],
)
def test_one_row_is_one_row(value: Any) -> None:
    assert rows(value) == [value] and rows(value, indent=2) == [value]
    assert rows({"id": 1, "questions": TWENTY}, "jsonl") == [{"id": 1, "questions": TWENTY}]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.text(max_size=3), VALUES), min_size=2, max_size=3), st.booleans())
@settings(max_examples=200, deadline=None)
def test_lines_are_read_as_the_standard_library_reads_them(values, escaped) -> None:
    lines = [json.dumps(value, ensure_ascii=escaped) for value in values]
    found = [row for _, row in read_json(io.StringIO("\n".join(lines)), "jsonl")]
    wanted = [json.loads(line) for line in lines]
    assert repr(found) == repr(wanted)  # NaN and numbers of any length among them


@given(st.integers(-(10**30), 10**30) | st.integers(2**63 - 9, 2**64 + 9) | st.integers(-(2**63) - 9, -(2**63) + 9))
def test_whole_numbers_of_any_length_are_what_was_written(number: int) -> None:
    written = [{"id": number, "deep": {"ids": [number, {"id": number}]}, "text": "x"}]
    assert rows(written, "jsonl") == written
