"""The card of a model: scores beside the base with n and interval, how it was trained, and the rest."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.evaluate.board import by_suite
from factory.evaluate.found import Found
from factory.evaluate.paired import Difference
from factory.graph import hygiene, lineage
from factory.graph.lineage import Lineage, Made
from factory.graph.nodes import Graph
from factory.publishing.cards import facts as card_facts
from factory.publishing.cards.text import render
from factory.publishing.pictures import loss_svg
from factory.step.base import Source
from factory.steps.merge import Merge

LOSS_PICTURE = "loss.svg"
TRAINERS = ("pretrain", "sft", "dpo")
COMPARED = 6  # models beside this one in a table of scores
SHOWN_SCORES = 12  # the rest is folded


@dataclass(frozen=True)
class ScoreTable:
    """One suite: `columns` are models, this one first and its base second; `rows` a score's name and its cells.

    `roles` says what those that it is held against are to it; `differences` are {column: {score: those to it}} on the
    same questions. `found` is the percent of each score's samples that stands in the model's training data, `found_in`
    how that was looked for; None: it was not.
    """

    suite: str
    headline: str
    columns: list[str]
    rows: list[tuple[str, str, list[dict[str, Any] | None]]]
    protocol: dict[str, Any]
    measured: bool
    roles: dict[str, str] = field(default_factory=dict)
    differences: Mapping[str, Mapping[str, Difference]] = field(default_factory=dict)
    found: Mapping[str, float] = field(default_factory=dict)
    found_in: Found | None = None

    @property
    def compared(self) -> int:
        """How many columns after the first one this model is held against."""
        return sum(column in self.roles for column in self.columns)

    @property
    def headings(self) -> list[str]:
        """The columns' names, with what they are to this model where more than a base is among them."""
        roles = self.roles if [*self.roles.values()] != ["base model"] else {}
        return [f"{column} ({roles[column]})" if column in roles else column for column in self.columns]


def measured(graph: Graph, name: str) -> dict[str, dict[str, Any]]:
    """{suite: metrics} of the finished evaluations of one model."""
    return {entry.suite: entry.metrics for entry in lineage.board(graph) if entry.model == name}


def score_tables(graph: Graph, name: str) -> list[ScoreTable]:
    """A table for every suite that lists the model, measured or not yet."""
    roles = _roles(graph, name)
    tables = []
    scores = by_suite(lineage.board(graph))
    for suite in graph.loaded.recipe.evaluate:
        listed = [node.name.partition("/")[2] for node in graph.evaluations() if node.artifact == suite]
        if name not in listed:
            continue
        found = scores.get(suite, {})
        if name not in found:
            tables.append(ScoreTable(suite, "", [name], [], {}, measured=False))
            continue
        others = [model for model in listed if model in found and not _made_from(graph, model, name)]
        others.sort(key=lambda model: ([*roles, model].index(model), listed.index(model)))
        columns = [name, *others[:COMPARED]]
        own = found[name]
        names = sorted(own["scores"], key=lambda score: score != own["headline"])
        rows = [
            (score, own["scores"][score]["metric"], [found[model]["scores"].get(score) for model in columns])
            for score in names
        ]
        found_in, shares = hygiene.found(graph, suite, name) or (None, {})
        paired = {other: lineage.differences(graph, suite, name, other) for other in columns[1:] if other in roles}
        headline, protocol = own["headline"], own["protocol"]
        tables.append(ScoreTable(suite, headline, columns, rows, protocol, True, roles, paired, shares, found_in))
    return tables


def _roles(graph: Graph, name: str) -> dict[str, str]:
    """The models that a model is held against, and what they are to it: its base, then what its last step began with.

    The base is the nearest one before it that readers know, of the Hub or published: what the recipe makes on the way
    is none. What was merged or quantized is named as that.
    """
    models, steps = graph.loaded.recipe.models, graph.loaded.recipe.models[name].steps
    merges = [step for step in steps if isinstance(step, Merge)]
    base = next((step.base for step in merges if step.base), models[name].base)
    while base in models and graph.loaded.recipe.repo_id(base) is None:
        base = models[base].base
    parents = [models[name].base, *(other for step in merges for other in step.others)]
    word = "merged from" if merges else "quantized from" if steps and steps[-1].verb == "quantize" else ""
    roles = {model: word for model in parents if word and model}
    return {
        **({base: "base model"} if base else {}),
        **{model: role for model, role in roles.items() if model != base},
    }


def _made_from(graph: Graph, model: str, name: str) -> bool:
    """Whether `model` is `name` or a descendant, which has a card of its own to be compared on."""
    return graph.final(name) in graph.needed_for([graph.final(model).name])


@dataclass(frozen=True)
class Reported:
    """A number somebody else stated, and what was measured here under the same name."""

    name: str
    stated: float
    measured: dict[str, Any] | None


def reported(graph: Graph, name: str) -> list[Reported]:
    stated = graph.loaded.recipe.models[name].reported
    here = measured(graph, name)
    lines = []
    for key, value in (stated.scores if stated else {}).items():
        suite = key if key in here else key.partition(".")[0]
        score = key[len(suite) + 1 :] or None
        metrics = here.get(suite)
        lines.append(Reported(key, value, metrics["scores"].get(score or metrics["headline"]) if metrics else None))
    return lines


def model_card(graph: Graph, name: str, history: Lineage) -> str:
    """The whole README.md. Before the model is built or scored those parts say so."""
    facts = card_facts.common(graph, name, history)
    chain = history.own
    done: list[Any] = [made for made in chain if made.manifest]
    folder = graph.final(name).folder / "model"
    config = _config(folder)
    return render(
        "model.md",
        _metadata(graph, name, facts, chain, config),
        **facts,
        kind="model",
        gates=graph.loaded.recipe.models[name].gates,
        tables=score_tables(graph, name),
        shown_scores=SHOWN_SCORES,
        reported=reported(graph, name),
        reported_source=getattr(graph.loaded.recipe.models[name].reported, "source", ""),
        training=[made for made in done if made.node.step.verb in TRAINERS],
        expanded=[made for made in done if made.node.step.verb == "expand_vocab"],
        quantized=[made for made in done if made.node.step.verb == "quantize" and made.manifest.metrics],
        base=next(iter(lineage.base_models(graph, name)), None),
        datasets=lineage.training_data(graph, name),
        architecture=", ".join(config.get("architectures") or []),
        metrics=facts["manifest"].metrics if facts["manifest"] else {},
        snippet=_snippet(folder, config),
        pixels=_pixels(folder),
        loss_picture=LOSS_PICTURE if loss_picture(chain) else None,
        question=_question(graph, name, chain),
    )


def loss_picture(chain: list[Made]) -> bytes | None:
    """The losses of a model's own training steps, in training and on held-out rows, as an SVG; None without any."""
    curves: dict[str, Sequence[Sequence[float]]] = {}
    for made in chain:
        if made.node.step.verb in TRAINERS and made.manifest and made.manifest.metrics.get("loss"):
            metrics = made.manifest.metrics
            curves[made.node.name] = metrics["loss"]["curve"]
            if (measured := metrics.get("eval_loss")) and measured.get("curve"):
                curves[f"{made.node.name}, held out"] = measured["curve"]
            for group, points in metrics.get("held_out", {}).get("curve", {}).items():
                curves[f"{made.node.name}, held out: {group}"] = [[step, math.log(value)] for step, value in points]
    return loss_svg(curves)


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _snippet(folder: Path, config: dict[str, Any]) -> str:
    """Which way to load it the card shows: chat, text or image."""
    from factory.engines.tokens import has_chat_template

    if "vision_config" in config:
        return "image"
    return "chat" if not folder.is_dir() or has_chat_template(folder) else "text"


def _pixels(folder: Path) -> tuple[int, int] | None:
    """The bounds of a picture's area, where the model's processor counts pixels."""
    path = folder / "preprocessor_config.json"
    size = (json.loads(path.read_text(encoding="utf-8")).get("size") if path.is_file() else None) or {}
    match size.get("shortest_edge"), size.get("longest_edge"):
        case int(least), int(most):
            return least, most
    return None


def _question(graph: Graph, name: str, chain: list[Made]) -> str:
    """A user's turn of the kind the model was made for: its translation or training prompt around a short sentence."""
    if translating := lineage.translation_prompt(graph, name):
        return translating.replace("{text}", "The house is big.")
    for made in reversed(chain):
        prompt = lineage.parameters(made.node).get("prompt")
        if made.node.step.verb == "sft" and isinstance(prompt, str) and prompt.count("{") == 1:
            return prompt.partition("{")[0] + "The house is big." + prompt.rpartition("}")[2]
    return "Hello!"


def _metadata(
    graph: Graph, name: str, facts: dict[str, Any], chain: list[Made], config: dict[str, Any]
) -> dict[str, Any]:
    from huggingface_hub import ModelCardData

    from factory.evaluate.eval_results import eval_results

    bases, data = lineage.base_models(graph, name), lineage.training_data(graph, name)
    verbs = [made.node.step.verb for made in chain if not isinstance(made.node.step, Source)]
    card: dict[str, Any] = {
        **card_facts.languages(graph),
        **facts["license"].card,
        "library_name": "transformers",
        "pipeline_tag": "image-text-to-text" if "vision_config" in config else "text-generation",
        "tags": card_facts.tags(graph, name, *_kinds(graph, name, chain), stand_in=facts["stand_in"]),
    }
    if bases:
        card |= {"base_model": bases, **_relation(verbs, bases)}
    if data:
        card["datasets"] = data
    scores = eval_results(measured(graph, name), published=published_datasets(graph))
    if scores:
        title = facts["repo"].rpartition("/")[2]
        card["model-index"] = ModelCardData(model_name=title, eval_results=scores).to_dict()["model-index"]
    return card


def _relation(verbs: list[str], bases: list[str]) -> dict[str, str]:
    """What the model is to its bases, in the Hub's words; nothing of a copy.

    A merge is of two or more. What was tuned and then merged with the one model that it was tuned from is a finetune.
    """
    if not verbs:
        return {}
    if set(verbs) == {"quantize"}:
        relation = "quantized"
    elif "merge" in verbs and (len(bases) > 1 or not set(verbs) & set(TRAINERS)):
        relation = "merge"
    else:
        relation = "finetune"
    return {"base_model_relation": relation}


def _kinds(graph: Graph, name: str, chain: list[Made]) -> list[str]:
    from factory.steps.merge import TASK_VECTORS

    steps = [made.node.step for made in chain if not isinstance(made.node.step, Source)]
    known = [verb for verb in ("merge", "sft", "dpo") if any(step.verb == verb for step in steps)]
    by_mergekit = any(getattr(step, "method", None) in TASK_VECTORS for step in steps)
    translates = lineage.translation_prompt(graph, name) is not None
    return [*(["translation"] if translates else []), *known, *(["mergekit"] if by_mergekit else [])]


def published_datasets(graph: Graph) -> dict[str, str]:
    """{artifact: repo id} of the datasets that the recipe publishes."""
    return {name: repo for name in graph.loaded.recipe.datasets if (repo := graph.loaded.recipe.repo_id(name))}
