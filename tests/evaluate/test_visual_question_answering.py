"""Questions about pictures: what is asked, what counts as right, and rows that cannot be asked."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.evaluate.suites.visual_question_answering import VisualQuestionAnswering, characters
from factory.step.job import Artifact
from tests.evaluate.conftest import manifest
from tests.tiny_vision import drawn, make_qwen2_vl


@pytest.fixture(scope="module")
def qwen(tmp_path_factory) -> Artifact:
    folder = tmp_path_factory.mktemp("qwen")
    make_qwen2_vl(folder / "model")
    return Artifact("qwen", folder, manifest("qwen", "model"))


def suite(**more) -> VisualQuestionAnswering:
    return VisualQuestionAnswering(**{"models": ["m"], "data": "questions", "max_new_tokens": 4, **more})


def row(image: bytes | None, answer: str = "red", topic: str = "colour") -> dict:
    return {"image": {"bytes": image, "path": "a.png"}, "question": "What?", "answer": answer, "topic": topic}


def test_every_row_is_asked_with_its_picture_and_scored(qwen, make_job, make_dataset):
    rows = [row(drawn(colour)) for colour in ("red", "blue", "green", "white")]
    job = make_job(qwen, {"questions": make_dataset(rows, "questions")})
    suite().run(job)
    said = [entry["output"] for entry in pq.read_table(job.out / "details.parquet").to_pylist()]
    assert len(set(said)) > 1  # the picture is seen

    rows = [
        {**row, "answer": f" {answer}. " if n < 3 else answer + "x"}
        for n, (row, answer) in enumerate(zip(rows, said, strict=True))
    ]
    job = make_job(qwen, {"questions": make_dataset(rows, "known")}, out="again")
    suite(subject="topic").run(job)
    scores = job.metrics["scores"]
    right = 4 if not said[3].strip() else 3
    assert scores["exact match"]["value"] == 100 * right / 4 and scores["colour"]["value"] == 100 * right / 4
    assert scores["characters"]["value"] >= scores["exact match"]["value"] and scores["exact match"]["high"] <= 100
    assert job.metrics["headline"] == "exact match" and job.usage.requests == 4


def test_rows_that_cannot_be_asked_are_wrong_and_said_so(qwen, make_job, make_dataset):
    rows = [row(drawn()), row(None), row(b"no picture"), {**row(None), "image": None}]
    job = make_job(qwen, {"questions": make_dataset(rows, "questions")})
    suite().run(job)
    details = pq.read_table(job.out / "details.parquet").to_pylist()
    assert [bool(entry["failure"]) for entry in details] == [False, True, True, True]
    assert [entry["exact match"] for entry in details[1:]] == [False] * 3
    assert job.metrics["scores"]["exact match"]["n"] == 4 and job.metrics["protocol"]["failed"] == 3
    assert any("3 of 4 rows could not be asked" in note for note in job.notes)
    assert "bytes" not in json.dumps(job.metrics)


@given(st.text(), st.text())
def test_characters_are_a_share(output: str, right: str) -> None:
    assert 0 <= characters(output, right) <= 100
    assert characters(right, right) == 100
