"""Scores in the two forms the Hub reads: ``.eval_results/*.yaml`` entries, and the older model-index of the card."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from factory.refs import NAME

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, EvalResultEntry

HUB_ID = re.compile(rf"^{NAME}/{NAME}$")
TASK_TYPES = {"translation": "translation", "mmlu-translation": "translation", "camel-bench": "image-text-to-text"}
COMMIT = re.compile(r"^[0-9a-f]{40}$")


def eval_result_entries(
    evaluations: Mapping[str, Mapping[str, Any]],
    benchmarks: Mapping[tuple[str, str], str],
    *,
    date: str | None = None,
) -> list[EvalResultEntry]:
    """One entry per suite whose headline was measured on one benchmark: its task there is called as the suite.

    Args:
        evaluations: {suite entry: metrics of its manifest for this model}.
        benchmarks: {(suite entry, artifact): repo id of the benchmark that the artifact is on the Hub}.
        date: ISO 8601; default: the commit's.
    """
    from huggingface_hub import EvalResultEntry

    entries = []
    for suite, metrics in evaluations.items():
        score = metrics["scores"][metrics["headline"]]
        if (dataset := benchmarks.get((suite, score.get("dataset") or ""))) is not None:
            entry = EvalResultEntry(
                dataset_id=dataset,
                task_id=suite,
                value=round(score["value"], 4),
                dataset_revision=_revision(score),
                date=date,
                notes=_notes(metrics, score),
            )
            entries.append(entry)
    return entries


def eval_results(
    evaluations: Mapping[str, Mapping[str, Any]], *, published: Mapping[str, str] | None = None
) -> list[EvalResult]:
    """Every score for the card's model-index, where a dataset needs no repo of its own.

    Args:
        evaluations: as above.
        published: {artifact of the recipe: repo id it is pushed to}, for suites on the recipe's own datasets.
    """
    from huggingface_hub import EvalResult

    results = []
    for suite, metrics in evaluations.items():
        protocol = metrics.get("protocol", {})
        for name, score in metrics["scores"].items():
            dataset = _hub_id(score, published) or score.get("dataset") or suite
            results.append(
                EvalResult(
                    task_type=TASK_TYPES.get(protocol.get("suite", suite), "text-generation"),
                    task_name=suite,
                    dataset_type=dataset,
                    dataset_name=f"{suite} ({dataset})" if dataset != suite else suite,
                    dataset_config=score.get("config"),
                    dataset_split=score.get("split"),
                    dataset_revision=_revision(score),
                    metric_type=_metric_type(name, score),
                    metric_name=f"{suite} {name}",
                    metric_value=round(score["value"], 4),
                    metric_args={"n": score["n"], **{k: score[k] for k in ("low", "high") if k in score}},
                )
            )
    return results


def _hub_id(score: Mapping[str, Any], published: Mapping[str, str] | None) -> str | None:
    dataset = score.get("dataset") or ""
    dataset = (published or {}).get(dataset, dataset)
    return dataset if HUB_ID.match(dataset) else None


def _revision(score: Mapping[str, Any]) -> str | None:
    revision = score.get("revision") or ""
    return revision if COMMIT.match(revision) else None


def _metric_type(name: str, score: Mapping[str, Any]) -> str:
    """The Hub's name of the metric."""
    if "accuracy" in score["metric"]:
        return "accuracy"
    for known in ("bleu", "chrf", "rouge", "perplexity"):
        if name.lower().startswith(known):
            return known
    return name.replace(" ", "_")


def _notes(metrics: Mapping[str, Any], score: Mapping[str, Any]) -> str:
    protocol = metrics.get("protocol", {})
    interval = f", 95 % CI {score['low']:.2f} to {score['high']:.2f}" if "low" in score and "high" in score else ""
    template = {True: ", chat template", False: ", plain prompt"}.get(protocol.get("chat_template"), "")
    return f"{score['metric']}; n={score['n']}{interval}; {protocol.get('few_shot', 0)}-shot{template}"
