"""What a Hub refuses in the metadata of a card, in ``eval.yaml`` and in ``.eval_results``.

Written after hub-docs (modelcard.md, datasetcard.md, eval-results.md) and the messages of the real Hub's
``/api/validate-yaml``, whose words are kept where they are known. The embedded Hub refuses by these same rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from factory.hub.names import LISTED, license_link_problem, license_name_problem, repo_problem
from factory.text.language_codes import is_known

RELATIONS = ("adapter", "merge", "quantized", "finetune")
SPECIAL_LANGUAGES = {"code", "multilingual"}
COLORS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
SDKS = ("gradio", "streamlit", "docker", "static")
SHORT_DESCRIPTION = 60  # characters
_FRAMEWORKS = """exgentic inspect-ai math-arena mteb olmocr-bench harbor archipelago apex-evals screenspot-pro
    swe-bench swe-bench-pro nemo-evaluator yc-bench open-asr-leaderboard mdpbench parsebench video-mme-v2 claw-eval
    wildclawbench"""
FRAMEWORKS = frozenset(_FRAMEWORKS.split())
"""What may run a benchmark: EVALUATION_FRAMEWORKS of huggingface.js."""

CODE = re.compile(r"[a-z]{2,3}")


def card_problems(card: Mapping[str, Any], kind: str) -> list[str]:
    """What a Hub refuses in the metadata of a model's, dataset's or Space's README; empty where it takes it."""
    return [
        *_license(card),
        *(f'"{key}" must be a text' for key in ("pretty_name", "library_name", "pipeline_tag") if _no_text(card, key)),
        *_languages(card),
        *_texts(card, "tags", "a tag"),
        *(_model(card) if kind == "model" else _space(card) if kind == "space" else _dataset(card)),
    ]


def is_language(code: str) -> bool:
    """Whether a card may name it: a language of ISO 639 in two or three letters, or a special value of the Hub."""
    return code in SPECIAL_LANGUAGES or (CODE.fullmatch(code) is not None and is_known(code))


def benchmark_problems(content: Any) -> list[str]:
    """What a Hub refuses in the ``eval.yaml`` of a dataset."""
    if not isinstance(content, Mapping):
        return ["eval.yaml is a mapping of name, description, evaluation_framework and tasks"]
    found = [f'"{key}" is required' for key in ("name", "description") if not _is_text(content.get(key))]
    framework, tasks = content.get("evaluation_framework"), content.get("tasks")
    if not isinstance(framework, str) or framework not in FRAMEWORKS:
        found.append(f'"evaluation_framework" must be one of [{", ".join(sorted(FRAMEWORKS))}]')
    if not isinstance(tasks, list) or not tasks or not all(isinstance(task, Mapping) for task in tasks):
        return [*found, '"tasks" must be a list of at least one task']
    needed = ("id", *(("field_spec", "solvers", "scorers") if framework == "inspect-ai" else ()))
    found += [f'"tasks[{i}].{key}" is required' for i, task in enumerate(tasks) for key in needed if not task.get(key)]
    ids = [str(task.get("id")) for task in tasks]
    return [*found, *(f'the task "{name}" is there twice' for name in {i for i in ids if ids.count(i) > 1})]


def task_ids(content: Any) -> list[str]:
    """Ids of the tasks that an ``eval.yaml`` defines."""
    tasks = content.get("tasks") if isinstance(content, Mapping) else None
    return [str(task["id"]) for task in tasks or [] if isinstance(task, Mapping) and "id" in task]


def result_problems(content: Any) -> list[str]:
    """What a Hub refuses in a file of ``.eval_results/``, whatever the datasets are that it names."""
    if not isinstance(content, list) or not content:
        return ["a file of .eval_results is a list of results"]
    found = []
    for i, entry in enumerate(content):
        about = entry.get("dataset") if isinstance(entry, Mapping) else None
        if not isinstance(about, Mapping):
            found.append(f'"[{i}].dataset" must be a mapping of id and task_id')
            continue
        found += [f'"[{i}].dataset.{key}" is required' for key in ("id", "task_id") if not _is_text(about.get(key))]
        if entry.get("value") is None:
            found.append(f'"[{i}].value" is required')
        source = entry.get("source")
        if source is not None and not (isinstance(source, Mapping) and _is_text(source.get("url"))):
            found.append(f'"[{i}].source.url" is required')
    return found


def _license(card: Mapping[str, Any]) -> Iterator[str]:
    values = _listed(card.get("license"))
    if any(value not in LISTED for value in values if isinstance(value, str)) or not all(map(_is_text, values)):
        yield f'"license" must be one of [{", ".join(sorted(LISTED))}]'
    if "other" in values and card.get("license_name") is None:
        yield '"license_name" is required where the license is "other"'
    for key, problem in (("license_name", license_name_problem), ("license_link", license_link_problem)):
        if (value := card.get(key)) is not None and (said := problem(str(value))):
            yield said


def _languages(card: Mapping[str, Any]) -> Iterator[str]:
    for value in _listed(card.get("language")):
        if not isinstance(value, str) or not is_language(value):
            yield (
                f'"language" with value "{value}" is not valid. It must be an ISO 639-1, 639-2 or 639-3 code '
                '(two/three letters), or a special value like "code", "multilingual". If you want to use BCP-47 '
                "identifiers, you can specify them in language_bcp47."
            )
    yield from _texts(card, "language_bcp47", "a language")


def _model(card: Mapping[str, Any]) -> Iterator[str]:
    for key, where in (("base_model", "models"), ("datasets", "datasets")):
        if isinstance(card.get(key), Mapping):
            yield f'"{key}" must be a name or a list of names'
            continue
        for value in _listed(card.get(key)):
            if not isinstance(value, str) or repo_problem(value if "/" in value else f"x/{value}"):
                kind = "model" if key == "base_model" else "dataset"
                yield f'"{key}" with value "{value}" is not valid. Use a {kind} id from https://hf.co/{where}.'
    relation = card.get("base_model_relation")
    if relation is not None and relation not in RELATIONS:
        yield f'"base_model_relation" must be one of [{", ".join(RELATIONS)}]'
    yield from _model_index(card.get("model-index"))


def _model_index(index: Any) -> Iterator[str]:
    if index is None:
        return
    if not isinstance(index, list):
        yield '"model-index" must be an array'
        return
    for i, model in enumerate(index):
        results = model.get("results") if isinstance(model, Mapping) else None
        if not isinstance(results, list):
            yield f'"model-index[{i}].results" must be an array'
            continue
        for j, result in enumerate(results):
            at = f"model-index[{i}].results[{j}]"
            result = result if isinstance(result, Mapping) else {}
            for part, keys in (("task", ["type"]), ("dataset", ["type", "name"])):
                about = result.get(part)
                for key in keys:
                    if not isinstance(about, Mapping) or not _is_text(about.get(key)):
                        yield f'"{at}.{part}.{key}" is required'
            metrics = result.get("metrics")
            if not isinstance(metrics, list) or not metrics:
                yield f'"{at}.metrics" is required'
                continue
            for k, metric in enumerate(metrics):
                metric = metric if isinstance(metric, Mapping) else {}
                yield from (f'"{at}.metrics[{k}].{key}" is required' for key in ("type", "value") if key not in metric)


def _dataset(card: Mapping[str, Any]) -> Iterator[str]:
    for key in ("task_categories", "size_categories", "source_datasets"):
        yield from _texts(card, key, "a name")
    configs = card.get("configs")
    if configs is not None and not (isinstance(configs, list) and all(isinstance(one, Mapping) for one in configs)):
        yield '"configs" must be an array of objects'


def _space(card: Mapping[str, Any]) -> Iterator[str]:
    for key, valid in (("sdk", SDKS), ("colorFrom", COLORS), ("colorTo", COLORS)):
        if card.get(key) is not None and card[key] not in valid:
            yield f'"{key}" must be one of [{", ".join(valid)}]'
    if len(str(card.get("short_description") or "")) > SHORT_DESCRIPTION:
        yield f'"short_description" length must be less than or equal to {SHORT_DESCRIPTION} characters long'
    yield from _texts(card, "models", "a name")


def _texts(card: Mapping[str, Any], key: str, what: str) -> Iterator[str]:
    """A list of texts, or one."""
    value = card.get(key)
    if not all(map(_is_text, _listed(value))):
        yield f'"{key}" must be an array of texts: {what} each'


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _no_text(card: Mapping[str, Any], key: str) -> bool:
    return card.get(key) is not None and not _is_text(card[key])
