"""Hala's translator protocol: two datasets without a common key must be the same questions in the same order."""

from __future__ import annotations

import random

import pytest

from factory.errors import FactoryError
from factory.evaluate.suites.mmlu_translation import MmluTranslation, assert_aligned

MMLU, MMMLU = "cais/mmlu:all", "openai/MMMLU:AR_XY"


def rows(n: int = 30) -> tuple[list[dict], list[dict]]:
    mmlu, mmmlu = MmluTranslation(models=["m"]).required_datasets()
    return [mmlu.row(i) for i in range(n)], [mmmlu.row(i) for i in range(n)]


def test_scores_the_drawn_questions_against_their_translations(lfm2, make_job, make_dataset):
    import pyarrow.parquet as pq

    ours, theirs = rows()
    job = make_job(lfm2, {MMLU: make_dataset(ours, MMLU), MMMLU: make_dataset(theirs, MMMLU)})
    suite = MmluTranslation(models=["m"], n=8, seed=3, max_new_tokens=4)
    suite.run(job)
    details = pq.read_table(job.out / "details.parquet").to_pylist()
    assert [d["index"] for d in details] == suite.chosen(30) and len(details) == 8
    assert all(d["source"] == ours[d["index"]]["question"] for d in details)
    assert all(d["reference"] == theirs[d["index"]]["Question"] for d in details)
    assert job.metrics["scores"]["bleu"]["dataset"] == "openai/MMMLU"
    assert job.metrics["scores"]["bleu"]["config"] == "AR_XY"
    assert (job.metrics["protocol"]["n"], job.metrics["protocol"]["seed"]) == (8, 3)


def test_defaults_are_the_reports_protocol():
    suite = MmluTranslation(models=["m"])
    assert suite.n == 500 and len(suite.chosen(14042)) == 500
    assert suite.needed_columns()[MMLU] == ["question", "subject", "answer"]
    assert [value for _, value, kind in suite.references() if kind == "dataset"] == [MMLU, MMMLU]


@pytest.mark.parametrize("damage", ["shuffled", "short", "subject", "answer"])
def test_rows_that_do_not_belong_together_are_refused(damage, lfm2, make_job, make_dataset):
    ours, theirs = rows()
    if damage == "shuffled":
        random.Random(0).shuffle(theirs)
    elif damage == "short":
        theirs.pop()
    elif damage == "subject":
        theirs[17]["Subject"] = "anatomy"
    else:
        theirs[17]["Answer"] = "A"
    says = "30 questions, 29 translations" if damage == "short" else "are not the same question"
    job = make_job(lfm2, {MMLU: make_dataset(ours, MMLU), MMMLU: make_dataset(theirs, MMMLU)})
    with pytest.raises(FactoryError, match=says) as caught:
        MmluTranslation(models=["m"], n=3).run(job)
    if damage in ("subject", "answer"):
        assert "1 of 30 rows" in str(caught.value) and "row 17" in str(caught.value)


def test_spelling_of_subjects_is_no_difference():
    assert_aligned(
        [{"question": "q", "subject": "high_school_physics", "answer": 2}],
        [{"Question": "س", "Subject": "High School Physics", "Answer": "c"}],
        "here",
    )
