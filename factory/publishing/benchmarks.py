"""What of the recipe's own benchmarks leaves: the ``eval.yaml`` that makes a dataset one, and a model's scores on it.

The Hub takes results in ``.eval_results`` for tasks of such a dataset only; all other scores are in model-index and
card. Anyone runs a task with the framework that the file names; what we measured says its own protocol in `notes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from factory.evaluate.base import Suite
from factory.evaluate.eval_results import eval_result_entries
from factory.evaluate.texts import data_references
from factory.graph import lineage
from factory.graph.nodes import Graph
from factory.refs import SplitSlice, artifact_name

FRAMEWORK = "inspect-ai"
FILE = "eval.yaml"
CONFIG = "default"


def benchmark_file(graph: Graph, name: str) -> dict[str, bytes]:
    """``eval.yaml`` of a dataset that suites of the recipe measure on; nothing for any other."""
    tasks = [task for suite, ref in _measured_on(graph, name) if (task := _task(graph, suite, ref)) is not None]
    if not tasks:
        return {}
    spec = graph.loaded.recipe.datasets[name]
    repo = graph.loaded.recipe.repo_id(name) or name
    title = (spec.publish.title if spec.publish else None) or repo.rpartition("/")[2]
    description = (spec.publish.description if spec.publish else None) or spec.description or title
    return {
        FILE: _yaml({"name": title, "description": description, "evaluation_framework": FRAMEWORK, "tasks": tasks})
    }


def result_files(graph: Graph, name: str) -> dict[str, bytes]:
    """``.eval_results/<suite>.yaml``: a model's scores on benchmarks of the recipe that are on the Hub by now."""
    from huggingface_hub import eval_result_entries_to_yaml

    benchmarks = _pushed_benchmarks(graph)
    files = {}
    for entry in lineage.board(graph):
        if entry.model == name and (found := eval_result_entries({entry.suite: entry.metrics}, benchmarks)):
            files[f".eval_results/{entry.suite}.yaml"] = _yaml(eval_result_entries_to_yaml(found))
    return files


def _pushed_benchmarks(graph: Graph) -> dict[tuple[str, str], str]:
    """{(suite, artifact): repo id} of what suites rank models on."""
    recipe, found = graph.loaded.recipe, {}
    for name in recipe.datasets:
        if (repo := recipe.repo_id(name)) is not None and lineage.is_pushed(graph, name):
            for suite, ref in _measured_on(graph, name):
                if _suite(graph, suite).ranks and _task(graph, suite, ref) is not None:
                    found[suite, name] = repo
    return found


def _measured_on(graph: Graph, name: str) -> Iterator[tuple[str, str]]:
    """(suite, its reference) for every suite that reads the dataset."""
    for suite in graph.loaded.recipe.evaluate:
        for ref in data_references(_suite(graph, suite)):
            if artifact_name(ref) == name:
                yield suite, ref


def _task(graph: Graph, name: str, ref: str) -> dict[str, Any] | None:
    suite = _suite(graph, name)
    if (task := suite.benchmark()) is None:
        return None
    split = SplitSlice.parse(getattr(suite, "split", None) or ref.partition(":")[2] or "train").name
    return {"id": name, "config": CONFIG, "split": split, **task}


def _suite(graph: Graph, name: str) -> Suite:
    suite = graph.loaded.recipe.evaluate[name]
    assert isinstance(suite, Suite)
    return suite


def _yaml(value: Any) -> bytes:
    import yaml

    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=2**16).encode()
