"""Scores as files of a results dataset: one a result, as lighteval and the open leaderboards write them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.evaluate.board import BoardEntry
from factory.hub.client import api, hub_errors
from factory.refs import is_hub_ref

LOCAL = "local"  # owner of what has no repo


def push_results(repo: str, entries: Sequence[BoardEntry]) -> list[str]:
    """Put what is new of the entries into the dataset `repo`, in one commit; it is made if it is not there.

    Returns:
        Paths of the files that were added.

    Raises:
        FactoryError: the Hub refuses it, or does not answer.
    """
    from huggingface_hub import CommitOperationAdd

    files = {result_path(entry): result_file(entry) for entry in entries}
    client = api()
    with hub_errors(repo, "dataset"):
        client.create_repo(repo, repo_type="dataset", exist_ok=True)
        there = set(client.list_repo_files(repo, repo_type="dataset"))
        added = [path for path in files if path not in there]
        if added:
            client.create_commit(
                repo,
                [CommitOperationAdd(path, files[path]) for path in added],
                repo_type="dataset",
                commit_message=f"Scores of {', '.join(dict.fromkeys(model_name(entry) for entry in entries))}",
            )
    return added


def model_name(entry: BoardEntry) -> str:
    """``owner/name``; of a folder on this machine its name alone, so that no path leaves."""
    if is_hub_ref(entry.model):
        return entry.model.partition("@")[0]
    return f"{LOCAL}/{Path(entry.model).name}"


def result_path(entry: BoardEntry) -> str:
    """``owner/name/results_<time>_<suite>_<protocol>.json``: the same for the same measurement."""
    time = entry.measured.partition("+")[0].replace(":", "-")
    return f"{model_name(entry)}/results_{time}_{entry.suite}_{entry.protocol[:8]}.json"


def result_file(entry: BoardEntry) -> bytes:
    """The scores by task, ``all`` being the headline; and all that is needed to show the entry on a leaderboard again.

    Accuracies are shares of 1, as lighteval writes them; anything else is in its own unit.
    """
    details = entry.details
    few_shot = details.get("few_shot", 0)
    results = {f"{name}|{few_shot}": _scores(score) for name, score in entry.scores.items() if name != entry.headline}
    results |= {f"{name}|{few_shot}": {"acc_norm": value / 100} for name, value in details.get("subtasks", {}).items()}
    content = {
        "config_general": {
            "model_name": model_name(entry),
            "model_sha": entry.model.partition("@")[2],
            "model_dtype": str(details.get("dtype", "")),
            "max_samples": details.get("max_samples"),
        },
        "results": {**results, "all": _scores(entry.scores[entry.headline])},
        "versions": details.get("versions", {}),
        "factory": {**entry.as_json(), "model": model_name(entry), "recipe": "", "details": details},
    }
    return (json.dumps(_public(content, entry), ensure_ascii=False, indent=2, default=str) + "\n").encode()


def _public(value: Any, entry: BoardEntry) -> Any:
    """The value with names where it had places of this machine."""
    if isinstance(value, Mapping):
        return {key: _public(inner, entry) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_public(inner, entry) for inner in value]
    if not isinstance(value, str):
        return value
    text = value if is_hub_ref(entry.model) else value.replace(entry.model, model_name(entry))
    return Path(text).name if text.startswith("/") else text


def _scores(score: dict[str, Any]) -> dict[str, float]:
    is_share = "accuracy" in score.get("metric", "")
    name, scale = ("acc_norm", 100) if is_share else (score.get("name", "score"), 1)
    found = {name: score["value"] / scale}
    return found if score.get("stderr") is None else {**found, f"{name}_stderr": score["stderr"] / scale}
