"""The leaderboard: what was measured of the recipe's models, and what papers report beside it."""

from __future__ import annotations

import json
from typing import Any, Literal

import gradio as gr

import drawn
from board_words import WORDS
from config import Config
from factory.evaluate.ranking import Filters, as_csv, as_markdown, chosen, from_json
from submitting import LONGEST, submitted
from words import put

SCRIPTS = ("state.js", "text.js", "rows.js", "plot.js", "board.js")


def build(config: Config, language: gr.Radio) -> None:
    written = json.dumps(config.board, ensure_ascii=False, separators=(",", ":"))

    def tables(_: None) -> str:
        return written  # as a text: what the server would encode takes half a second for 2,000 rows

    drawn.html("board", scripts=SCRIPTS, words=WORDS, server_functions=[tables], elem_id="leaderboard")

    def leaderboard(
        table: str = "",
        text: str = "",
        kind: str = "",
        license: str = "",
        origin: Literal["", "measured", "reported"] = "",
        complete: bool = False,
        format: Literal["markdown", "csv"] = "markdown",
    ) -> str:
        """The leaderboard as Markdown or CSV: a row a model, a column a benchmark, scores with 95 % intervals.

        Args:
            table: a benchmark's name; by default the first table.
            text: part of the model's name. Each filter that is empty lets every row through.
        """
        found = [one for one in config.board if one["name"] == table] or config.board
        filters = Filters(text, None, [kind] if kind else [], [license] if license else [], origin or None, complete)
        return (as_csv if format == "csv" else as_markdown)(chosen(from_json(found[0]), filters))

    gr.api(leaderboard, api_name="leaderboard")
    with gr.Row(elem_classes="submission", equal_height=False):
        model = put(gr.Textbox(placeholder="owner/name", max_length=LONGEST, scale=4), label="submit_model")
        button = put(gr.Button(variant="primary", scale=1, min_width=120), value="submit")
    told = gr.Textbox(show_label=False, container=False, interactive=False, visible=False, elem_id="submitted")

    def tell(name: str, chosen: str) -> Any:
        return gr.update(value=submitted(name, chosen or "en"), visible=True)

    gr.on([button.click, model.submit], tell, [model, language], told, api_visibility="private", concurrency_limit=4)

    def submit(model: str) -> str:
        """Submit a model of the Hub (owner/name) for evaluation; what is said of it."""
        return submitted(model, "en")

    gr.api(submit, api_name="submit")
