"""The scores that the recipe measured."""

from __future__ import annotations

from typing import Any

import gradio as gr

from config import Config

HEADERS = ["suite", "model", "score", "value", "low", "high", "n", "metric"]


def build(config: Config, language: gr.Radio) -> None:
    gr.Markdown("Measured by the recipe. `low` and `high` bound the 95 % confidence interval, `n` counts samples.")
    every = gr.Checkbox(label="Every subject, not only each suite's main score")
    table = gr.Dataframe(
        rows(config), headers=HEADERS, interactive=False, show_search="filter", pinned_columns=2, wrap=True
    )

    def scores(every: bool) -> list[list[Any]]:
        return rows(config, every)

    every.change(scores, every, table, api_name="scores")


def rows(config: Config, every: bool = False) -> list[list[Any]]:
    """Rows for the table of scores, best first within a score: headlines only, or all."""
    chosen = [score for score in config.scores if every or score["headline"]]
    order = {key: i for i, key in enumerate(dict.fromkeys((s["suite"], s["score"]) for s in chosen))}
    chosen.sort(key=lambda s: (order[s["suite"], s["score"]], -(s["value"] or 0)))
    return [[_rounded(score.get(header)) for header in HEADERS] for score in chosen]


def _rounded(value: Any) -> Any:
    return round(value, 2) if isinstance(value, float) else value
