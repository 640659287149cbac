"""One object that holds all rows gives them, or says why not; it is never one row."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

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
