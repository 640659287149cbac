"""The card of a model: scores beside the base with n and interval, how it was trained, and the rest."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.graph import lineage
from factory.graph.lineage import Lineage, Made
from factory.graph.nodes import Graph
from factory.publishing.cards import facts as card_facts
from factory.publishing.cards.family import LINEAGE_PICTURE, lineage_picture
from factory.publishing.cards.outputs import question, sample_outputs
from factory.publishing.cards.scores import (
    SCORES_PICTURE,
    SHOWN_SCORES,
    ScoreTable,
    measured,
    reported,
    score_tables,
    scores_picture,
)
from factory.publishing.cards.spoken import languages_in
from factory.publishing.cards.text import render
from factory.publishing.pictures import loss_svg
from factory.step.base import Source
from factory.store import Dataset
from factory.text.template import placeholders

LOSS_PICTURE = "loss.svg"
TRAINERS = ("pretrain", "sft", "dpo")
SAMPLING = ("do_sample", "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_new_tokens")
CONTEXT = ("max_position_embeddings", "n_positions", "max_sequence_length")


def model_documents(graph: Graph, name: str, history: Lineage) -> dict[str, bytes]:
    """The card and its pictures, by path in the repo: headline scores, lineage, losses; those that there are.

    Before the model is built or scored, those parts of the card say so.
    """
    tables = score_tables(graph, name)
    drawn = {
        SCORES_PICTURE: scores_picture(tables),
        LINEAGE_PICTURE: lineage_picture(graph, history.everything),
        LOSS_PICTURE: loss_picture(history.own),
    }
    pictures = {path: picture for path, picture in drawn.items() if picture}
    return {"README.md": _card(graph, name, history, tables, pictures).encode(), **pictures}


def model_card(graph: Graph, name: str, history: Lineage) -> str:
    """The whole README.md."""
    return model_documents(graph, name, history)["README.md"].decode()


def _card(
    graph: Graph, name: str, history: Lineage, tables: Sequence[ScoreTable], pictures: Mapping[str, bytes]
) -> str:
    facts = card_facts.common(graph, name, history)
    chain = history.own
    done: list[Any] = [made for made in chain if made.manifest]
    folder = graph.final(name).folder / "model"
    config, spoken = _json(folder / "config.json"), _spoken(graph, history)
    return render(
        "model.md",
        _metadata(graph, name, facts, chain, config, spoken),
        **facts,
        kind="model",
        gates=graph.loaded.recipe.models[name].gates,
        tables=tables,
        scores_picture=SCORES_PICTURE if SCORES_PICTURE in pictures else None,
        lineage_picture=LINEAGE_PICTURE if LINEAGE_PICTURE in pictures else None,
        outputs=sample_outputs(graph, name),
        languages=card_facts.language_names(spoken),
        target=card_facts.language_names([graph.loaded.recipe.language.target]),
        translates=lineage.translation_prompt(graph, name) is not None,
        sampling={key: value for key, value in _json(folder / "generation_config.json").items() if key in SAMPLING},
        decoding=list(dict.fromkeys(t.protocol["decoding"] for t in tables if "decoding" in t.protocol)),
        context=next((value for key in CONTEXT if (value := config.get("text_config", config).get(key))), None),
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
        loss_picture=LOSS_PICTURE if LOSS_PICTURE in pictures else None,
        question=question(graph, name, chain),
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


def _spoken(graph: Graph, history: Lineage) -> list[str]:
    """The languages of the data that it was trained on; both of the recipe's where that is not there yet, or none."""
    candidates, found = card_facts.both_languages(graph), set[str]()
    for made in history.own:
        for parameter, value, kind in made.node.step.references() if made.node.step.verb in TRAINERS else ():
            if kind == "dataset" and parameter != "validate_on":  # which measures and changes nothing
                dataset = Dataset(graph.nodes[made.node.inputs[value].node].folder)
                rows = dataset.rows(dataset.splits[0]) if dataset.splits else ()
                try:
                    found |= {*languages_in(rows, candidates, _columns(made))}
                except (OSError, ValueError):  # damaged rows are told of where they are pushed; the model is whole
                    return candidates
    return [language for language in candidates if language in found] or candidates


def _columns(made: Made) -> list[str]:
    """The columns that a training reads, where its prompts name them."""
    texts = [value for value in lineage.parameters(made.node).values() if isinstance(value, str)]
    return [path.partition(".")[0] for text in texts for path in placeholders(text)]


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _snippet(folder: Path, config: dict[str, Any]) -> str:
    """Which way to load it the card shows: chat, text or image."""
    from factory.engines.tokens import has_chat_template

    if "vision_config" in config:
        return "image"
    return "chat" if not folder.is_dir() or has_chat_template(folder) else "text"


def _pixels(folder: Path) -> tuple[int, int] | None:
    """The bounds of a picture's area, where the model's processor counts pixels."""
    size = _json(folder / "preprocessor_config.json").get("size") or {}
    match size.get("shortest_edge"), size.get("longest_edge"):
        case int(least), int(most):
            return least, most
    return None


def _metadata(
    graph: Graph, name: str, facts: dict[str, Any], chain: list[Made], config: dict[str, Any], spoken: list[str]
) -> dict[str, Any]:
    from huggingface_hub import ModelCardData

    from factory.evaluate.eval_results import eval_results

    bases, data = lineage.base_models(graph, name), lineage.training_data(graph, name)
    verbs = [made.node.step.verb for made in chain if not isinstance(made.node.step, Source)]
    card: dict[str, Any] = {
        **card_facts.languages(spoken),
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
