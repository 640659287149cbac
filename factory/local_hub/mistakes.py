"""Which files of a commit a Hub refuses for what they say: a card's metadata, a benchmark, results on benchmarks."""

from typing import Any

from factory.hub.metadata import benchmark_problems, card_problems, result_problems, task_ids
from factory.local_hub.errors import bad_request
from factory.local_hub.metadata import split_card
from factory.local_hub.storage import Repo, Store
from factory.text import yaml

BENCHMARK = "eval.yaml"
RESULTS = ".eval_results/"


def card_mistakes(text: str, kind: str) -> list[str]:
    """What is wrong with the metadata of a README of this kind of repo."""
    card, _text, unreadable = split_card(text)
    return [f"YAML Metadata Error: {unreadable}"] if unreadable else card_problems(card, kind)


def refuse_mistakes(store: Store, repo: Repo, path: str, content: bytes) -> None:
    """Raises 400 where a Hub does not take this file at this path of this repo."""
    text = content.decode("utf-8", "replace")
    if path == "README.md":
        wrong = card_mistakes(text, repo.kind)
    elif path == BENCHMARK and repo.kind == "dataset":
        wrong = _read(text, benchmark_problems)
    elif path.startswith(RESULTS) and path.endswith((".yaml", ".yml")) and repo.kind == "model":
        wrong = _read(text, lambda entries: result_problems(entries) or _unknown_tasks(store, entries))
    else:
        return
    if wrong:
        raise bad_request(f"Invalid metadata in {path}. " + "; ".join(wrong))


def _read(text: str, problems: Any) -> list[str]:
    try:
        return problems(yaml.load(text))
    except ValueError as error:
        return [f"YAML Error: {error}"]


def _unknown_tasks(store: Store, entries: list[dict[str, Any]]) -> list[str]:
    """Results are on tasks of benchmarks: datasets of this Hub that have an `eval.yaml`."""
    wrong = []
    for about in (entry["dataset"] for entry in entries):
        dataset = store.repo("dataset", about["id"]) or store.moved_to("dataset", about["id"])
        commit = store.resolve(dataset, "main") if dataset else None
        benchmark = store.read(commit, BENCHMARK) if commit else None
        if benchmark is None:
            wrong.append(f"the dataset {about['id']} is no benchmark: it has no {BENCHMARK}")
        elif about["task_id"] not in (tasks := task_ids(yaml.load(benchmark.decode("utf-8", "replace")))):
            wrong.append(f"the benchmark {about['id']} has no task {about['task_id']!r}, it has {', '.join(tasks)}")
    return wrong
