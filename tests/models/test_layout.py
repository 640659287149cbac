"""Conversations in columns of JSON, whose messages differ in their keys, are those that training and checks read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from factory.models.layout import Layout, cells
from factory.steps.filter import Filter
from factory.store.kinds import json_of
from tests.support import dataset, kept, run_step

CALL = {"function": {"name": "look", "arguments": {"city": "Rome"}}}
TURNS = [
    {"role": "user", "content": "Where is it?", "weight": 0},
    {"role": "assistant", "content": None, "tool_calls": [CALL, {"function": {"name": "look", "arguments": "{}"}}]},
]
ANSWER = [{"role": "assistant", "content": "Here."}]


def test_training_reads_turns_of_json_as_they_were_written() -> None:
    table = pa.table({"m": json_of([TURNS, "text", None, 7]), "chosen": json_of([ANSWER, "yes", "x", "y"])})
    first, second, *rest = Layout(column="m").conversations(table, tool_calls=True)
    assert isinstance(first, list) and first[0] == {"role": "user", "content": "Where is it?"}
    called = [call["function"] for call in first[1]["tool_calls"]]
    assert called == [{"name": "look", "arguments": {"city": "Rome"}}, {"name": "look", "arguments": {}}]
    assert second == [{"role": "user", "content": "text"}]
    assert all(isinstance(error, ValueError) for error in rest)
    assert cells(table, "{chosen}") == [ANSWER, "yes", "x", "y"]


def test_checks_read_texts_inside_json(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"m": TURNS}, {"m": [{"role": "user", "content": ""}]}, {"m": [{"content": [1]}]}]
    source = dataset(tmp_path / "in", rows, schema=pa.schema([("m", pa.json_())]))
    step = Filter.model_validate({"columns": ["m[0].content"], "checks": ["empty"]})
    job = run_step(step, source, tmp_path / "out")
    assert [row["m"] for row in kept(job)] == [TURNS]
    assert job.rows is not None and (job.rows.rejected, job.rows.failed) == (1, 1)
