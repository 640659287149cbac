"""Suites of lighteval's tasks beside oall-v2, on stand-ins that lighteval loads as it loads the real datasets."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from factory.evaluate.samples import Samples
from factory.evaluate.suites import suites
from factory.evaluate.tasks import TaskSuite, benchmarks
from factory.step.job import Artifact
from tests.evaluate.conftest import manifest
from tests.tiny_vision import make_qwen2_vl

ALLAM = {"acva": 58, "arabic-exams": 1, "mmlu-arabic": 57, "mmlu": 57}


def suite(name: str, **more) -> TaskSuite:
    return suites()[name].model_validate({"models": ["m"], **more})  # type: ignore[return-value]


def test_every_benchmark_belongs_to_a_suite():
    assert {name for name, kind in suites().items() if issubclass(kind, TaskSuite)} == {*benchmarks()}


@pytest.mark.parametrize("name", ALLAM)
def test_prompts_and_answers_fit_the_rows(name):
    subtasks = suite(name, revisions={"OALL/ACVA": "a" * 40}).subtasks()
    [benchmark] = benchmarks()[name].values()
    assert len(subtasks) == ALLAM[name] and len({subtask.name for subtask in subtasks}) == ALLAM[name]
    assert all(subtask.config.hf_revision == ("a" * 40 if name == "acva" else None) for subtask in subtasks)
    docs = [subtasks[0].config.prompt_function(benchmark.row(i), subtasks[0].name) for i in range(4)]
    assert {doc.gold_index for doc in docs} == set(range(len(docs[0].choices)))
    assert all(str(i) in doc.query for i, doc in enumerate(docs))
    assert suite(name).score_names() == ["acc"]


def test_english_mmlu_is_scored_by_letters(on_the_hub, lfm2, make_job):
    english = suite("mmlu", max_samples=1)
    on_the_hub(english)
    job = make_job(lfm2, {})
    english.run(job)
    score = job.metrics["scores"]["acc"]
    assert (score["n"], score["dataset"]) == (57, "cais/mmlu")
    assert 0 <= score["low"] <= score["value"] <= score["high"] <= 100
    detail = pq.read_table(job.out / "details.parquet").to_pylist()[0]
    assert detail["choices"] == [" A", " B", " C", " D"] and detail["query"].endswith("\nAnswer:")
    kept = Samples.read(job.out)
    assert kept is not None and kept.value("acc") == pytest.approx(score["value"])


def test_a_vision_model_is_asked_without_pictures(on_the_hub, make_job, tmp_path):
    """One of the leaderboard's six, on the text side of a model that sees."""
    exams = suite("arabic-exams")
    on_the_hub(exams)
    make_qwen2_vl(tmp_path / "qwen" / "model")
    job = make_job(Artifact("qwen", tmp_path / "qwen", manifest("qwen", "model")), {})
    exams.run(job)
    assert job.metrics["scores"]["acc"]["n"] > 1 and job.metrics["protocol"]["chat_template"] is True
    details = pq.read_table(job.out / "details.parquet").to_pylist()
    assert all(logprob < 0 for detail in details for logprob in detail["logprobs"])
