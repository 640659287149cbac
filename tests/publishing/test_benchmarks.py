"""Datasets that the recipe measures on are benchmarks; a model's results name those that are on the Hub."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from factory.hub.metadata import benchmark_problems, result_problems
from factory.publishing.artifacts import publish
from factory.publishing.benchmarks import benchmark_file, result_files
from tests.publishing.test_stages import own_names
from tests.shelf import build, shelf

pytestmark = pytest.mark.usefixtures("embedded_hub")


def test_a_dataset_that_a_suite_measures_on_is_a_benchmark(tmp_path: Path) -> None:
    graph = shelf(tmp_path, own_names())
    made = yaml.safe_load(benchmark_file(graph, "questions")["eval.yaml"])
    assert benchmark_problems(made) == []
    assert made["evaluation_framework"] == "inspect-ai"
    (task,) = made["tasks"]
    assert (task["id"], task["config"], task["split"]) == ("quiz", "default", "train")
    assert task["field_spec"] == {"input": "en", "target": "ar", "choices": ["en", "ar"]}
    assert benchmark_file(graph, "pairs") == {}


def test_results_are_on_benchmarks_that_are_on_the_hub(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path, own_names()))
    assert result_files(graph, "tuned") == {}  # its benchmark is not pushed yet
    repo = publish(graph, "questions").repo_id
    entries = yaml.safe_load(result_files(graph, "tuned")[".eval_results/quiz.yaml"])
    assert result_problems(entries) == []
    assert [(e["dataset"], e["value"]) for e in entries] == [({"id": repo, "task_id": "quiz"}, 51.0)]


TRANSLATION = """
  translated:
    {suite: translation, data: questions, source: en, reference: ar, prompt: "Say {text} {in} Arabic", models: [tuned]}
"""


def test_a_translation_set_can_be_run_by_anyone_but_bleu_is_not_what_its_task_measures(tmp_path: Path) -> None:
    text = own_names().replace("\nspace:", TRANSLATION + "space:")
    graph = shelf(tmp_path, text)
    made = yaml.safe_load(benchmark_file(graph, "questions")["eval.yaml"])
    assert benchmark_problems(made) == [] and [task["id"] for task in made["tasks"]] == ["quiz", "translated"]
    solver = made["tasks"][1]["solvers"][0]["args"]["template"]
    assert solver.format(prompt="a cat") == "Say a cat {in} Arabic"
