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
    entries = eval_result_entries(EVALUATIONS, date="2026-11-20", published={"world-bench": "me/world-bench"})
    again = parse_eval_result_entries(yaml.safe_load(yaml.safe_dump(eval_result_entries_to_yaml(entries))))
    assert again == entries
    assert [(e.dataset_id, e.task_id, e.value) for e in entries] == [
        ("OALL/Arabic_EXAMS", "oall-v2.EXAMS", 60.0),
        ("me/world-bench", "world-ar.acc", 75.0),
    ]
    assert entries[0].dataset_revision == SHA and entries[1].dataset_revision is None
    assert "n=10, 95 % CI 31.27 to 83.18; 0-shot, chat template" in entries[0].notes


def test_a_dataset_that_is_not_on_the_hub_gives_no_entry():
    assert [entry.task_id for entry in eval_result_entries(EVALUATIONS)] == ["oall-v2.EXAMS"]


def test_model_index_survives_huggingface_hub():
    results = eval_results(EVALUATIONS)
    name, again = model_index_to_eval_results(eval_results_to_model_index("m", results))
    values = {result.metric_name: result.metric_value for result in again}
    assert name == "m"
    assert values == pytest.approx({"oall-v2 average": 60.0, "oall-v2 EXAMS": 60.0, "world-ar acc": 75.0})
    assert {result.metric_type for result in again} == {"accuracy"}
