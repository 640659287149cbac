"""The card of a quantized model: what was measured against the model before, and both models' scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from factory.graph.nodes import Graph
from factory.publishing.artifacts import render_card
from tests.publishing.cards.test_cards import parts, section, table
from tests.shelf import RECIPE, build, finish, score, shelf

SMALL = RECIPE.replace(
    "evaluate:\n",
    """\
  small:
    description: The base in 4 bits.
    from: base
    steps: [{quantize: {scheme: W4A16, calibrate_on: pairs, validate_on: questions, text: en}}]
    publish: shelf-small
evaluate:
  translation: {suite: translation, data: questions, source: en, reference: ar, models: [small, base]}
""",
).replace("models: [tuned, base]", "models: [tuned, base, small]")

METRICS: dict[str, Any] = {
    "scheme": "W4A16",
    "ignore": ["re:.*lm_head"],
    "group_size": 128,
    "calibration": {"data": "pairs", "rows": 512, "tokens": 40_960},
    "quantized_tensors": 14,
    "size_before": 2_340_000_000,
    "size_bytes": 800_000_000,
    "validation": {
        "tokens": 200, "max_logit_diff": 0.5, "mean_logit_diff": 0.02, "kl_mean": 0.0012, "kl_max": 0.0304,
        "same_top1": 0.985, "loss_before": 2.0, "loss_after": 2.01, "texts": 6, "against": "bfloat16",
        "perplexity": {"en": {"before": 7.389, "after": 7.501, "tokens": 90}, "ar": {"before": 9.1, "after": 9.25,
                       "tokens": 110}},
    },
}  # fmt: skip


def built(folder: Path) -> Graph:
    graph = shelf(folder, SMALL)
    build(graph)
    finish(graph, "small/01-quantize", metrics=METRICS)
    finish(graph, "translation/small", metrics=score(53.5))
    finish(graph, "translation/base", metrics=score(53.1))
    return graph


def test_what_was_measured_against_the_model_before(tmp_path: Path) -> None:
    header, body = parts(render_card(built(tmp_path), "small"))
    assert header["base_model_relation"] == "quantized" and header["base_model"] == ["factory/shelf-base"]
    assert header["datasets"] == ["factory/shelf-pairs"], "not those it was only compared on"
    text = section(body, "Compression")
    assert "14 linear layers are stored as W4A16, one scale for 128 inputs: 2.3 GB became 800.0 MB." in text
    assert "Left as they were: `re:.*lm_head`." in text
    assert "GPTQ on 512 rows (40,960 tokens) of `pairs`" in text
    assert ["same most likely token", "98.5 %"] in table(text)
    assert ["en", "7.389", "7.501", "90"] in table(text) and ["ar", "9.100", "9.250", "110"] in table(text)


def test_scores_of_both_stand_side_by_side(tmp_path: Path) -> None:
    _, body = parts(render_card(built(tmp_path), "small"))
    rows = table(section(body, "Scores").partition("### translation")[2])
    assert rows[0] == ["score", "metric", "n", "**small**", "base", "difference to base"]
    assert rows[1][3].startswith("53.50") and rows[1][4].startswith("53.10") and rows[1][5] == "+0.40"


def test_other_models_have_no_such_section(tmp_path: Path) -> None:
    assert "## Compression" not in render_card(built(tmp_path), "tuned")
