"""A filter looks at every turn of a conversation, however many there are, and the worst one decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.checks import parse_check
from factory.checks.scoring import Scored
from factory.errors import FactoryError
from factory.rows.turns import Turns, side_by_side, texts_or_turns
from factory.steps.filter import Filter
from tests.support import dataset, kept, rejected, run_step

ENGLISH = "The committee will publish its findings next month, after a long debate about them."
FRENCH = "Le comité publiera ses conclusions le mois prochain, après un long débat à leur sujet."
CODE = "Here it is:\n```python\ndef f(x):\n    return x + 1\n```"


def conversation(*texts: str, sharegpt: bool = False) -> list[dict[str, str]]:
    if sharegpt:
        return [{"from": ("human", "gpt")[i % 2], "value": text} for i, text in enumerate(texts)]
    return [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]


def filtered(folder: Path, rows: list[dict[str, Any]], **parameters: Any) -> tuple[list[Any], list[Any]]:
    step = Filter.model_validate({"suffix": "_ar", **parameters})
    job = run_step(step, dataset(folder / "in", rows), folder / "out")
    return [row["id"] for row in kept(job)], [(row["id"], row["reason"].partition(":")[0]) for row in rejected(job)]


@pytest.mark.parametrize("sharegpt", [False, True])
def test_one_turn_of_another_language_is_found_wherever_it_stands(tmp_path: Path, sharegpt: bool) -> None:
    rows = [{"id": -1, "messages": conversation(*[ENGLISH] * 9, sharegpt=sharegpt)}]
    for place in range(9):
        texts = [FRENCH if place == number else ENGLISH for number in range(9)]
        rows.append({"id": place, "messages": conversation(*texts, sharegpt=sharegpt)})
    rows.append({"id": 9, "messages": conversation("Hi", "Hello!", sharegpt=sharegpt)})
    stays, goes = filtered(tmp_path, rows, checks=[{"language": {"language": "en"}}], columns=["messages"])
    assert stays == [-1, 9] and goes == [(place, "language") for place in range(9)]


def test_code_in_the_middle_of_a_long_conversation_is_found(tmp_path: Path) -> None:
    long = [ENGLISH] * 40
    rows = [
        {"id": 0, "conversations": conversation(*long)},
        {"id": 1, "conversations": conversation(*long[:17], CODE, *long[17:])},
    ]
    assert filtered(tmp_path, rows, checks=["code"], columns=["conversations"]) == ([0], [(1, "code")])


def test_a_translated_conversation_is_compared_turn_by_turn(tmp_path: Path) -> None:
    said, arabic = (
        conversation("How are you today?", ENGLISH),
        conversation("كيف حالك اليوم؟", "ستنشر اللجنة نتائجها."),
    )
    rows = [
        {"id": 0, "chat": said, "chat_ar": arabic},
        {"id": 1, "chat": said, "chat_ar": [arabic[0], said[1]]},
        {"id": 2, "chat": said, "chat_ar": arabic[:1]},
        {"id": 3, "chat": None, "chat_ar": None},
    ]
    stays, goes = filtered(tmp_path, rows, checks=["empty", "echo"], columns={"chat": "chat_ar"})
    assert stays == [0, 3] and goes == [(1, "echo"), (2, "empty")]


def test_what_tools_are_told_and_say_is_no_text_to_check() -> None:
    table = pa.table({"m": [[*conversation("Hi"), {"role": "tool", "content": '{"x": 1}'}], None]})
    assert texts_or_turns(table, "m") == [["Hi"], None]


def test_a_conversation_beside_a_text_is_refused() -> None:
    with pytest.raises(FactoryError, match="compared with a text"):
        side_by_side(["a"], Turns([["b"]]))


TEXTS = st.sampled_from(["", "plain", CODE, "```\nx\n```", ENGLISH])


@given(st.lists(st.lists(TEXTS, max_size=6) | st.none(), min_size=1, max_size=12))
def test_a_row_has_the_worst_score_of_its_turns(rows: list[list[str] | None]) -> None:
    check = parse_check("code")
    _, targets, owners = side_by_side([None] * len(rows), Turns(rows))
    scored = Scored([check], len(rows))
    scored.add(([None] * len(targets), targets), compared=False, rows=owners)
    expected = [max(check.score(None, text) for text in (row or [""])) for row in rows]
    assert scored.scores["code"].tolist() == expected
