"""Scores as the Hub reads them, through huggingface_hub's own readers and writers."""

from __future__ import annotations

import pytest
import yaml
from huggingface_hub import eval_result_entries_to_yaml, parse_eval_result_entries
from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results

from factory.evaluate.eval_results import eval_result_entries, eval_results
from factory.evaluate.score import accuracy

SHA = "a" * 40
EVALUATIONS = {
    "oall-v2": {
        "headline": "average",
        "scores": {
            "average": accuracy("average", 6, 10, metric="log-likelihood accuracy").model_dump(exclude_none=True),
            "EXAMS": accuracy(
                "EXAMS", 6, 10, metric="accuracy", dataset="OALL/Arabic_EXAMS", split="test", revision=SHA
            ).model_dump(exclude_none=True),
        },
        "protocol": {"suite": "oall-v2", "chat_template": True, "few_shot": 0},
    },
    "world-ar": {
        "headline": "acc",
        "scores": {"acc": accuracy("acc", 3, 4, dataset="world-bench", revision="fp").model_dump(exclude_none=True)},
        "protocol": {"suite": "multiple-choice"},
    },
}


def test_entries_survive_the_yaml_and_carry_the_interval():
    benchmarks = {("world-ar", "world-bench"): "me/world-bench", ("other", "world-bench"): "me/other"}
    entries = eval_result_entries(EVALUATIONS, benchmarks, date="2026-11-20")
    again = parse_eval_result_entries(yaml.safe_load(yaml.safe_dump(eval_result_entries_to_yaml(entries))))
    assert again == entries
    assert [(e.dataset_id, e.task_id, e.value) for e in entries] == [("me/world-bench", "world-ar", 75.0)]
    assert entries[0].dataset_revision is None
    assert entries[0].notes == "accuracy; n=4, 95 % CI 30.06 to 95.44; 0-shot"


def test_a_dataset_that_is_no_benchmark_gives_no_entry():
    assert eval_result_entries(EVALUATIONS, {}) == []


def test_model_index_survives_huggingface_hub():
    results = eval_results(EVALUATIONS)
    name, again = model_index_to_eval_results(eval_results_to_model_index("m", results))
    values = {result.metric_name: result.metric_value for result in again}
    assert name == "m"
    assert values == pytest.approx({"oall-v2 average": 60.0, "oall-v2 EXAMS": 60.0, "world-ar acc": 75.0})
    assert {result.metric_type for result in again} == {"accuracy"}
