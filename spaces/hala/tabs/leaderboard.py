"""The leaderboard: what was measured of the recipe's models, and what papers report beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import gradio as gr

from board_words import WORDS
from config import Config
from factory.evaluate.ranking import Filters, as_csv, as_markdown, chosen, from_json

FOLDER = Path(__file__).parents[1] / "board"
SCRIPTS = ("state.js", "text.js", "rows.js", "plot.js", "board.js")  # in this order: one function's body in the page


def build(config: Config, language: gr.Radio) -> None:
    written = json.dumps(config.board, ensure_ascii=False, separators=(",", ":"))

    def tables(_: None) -> str:
        return written  # as a text: what the server would encode takes half a second for 2,000 rows

    gr.HTML(
        html_template='<div class="board" aria-busy="true"></div>',
        css_template=(FOLDER / "board.css").read_text(encoding="utf-8"),
        js_on_load="\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS),
        server_functions=[tables],
        apply_default_css=False,
        words=WORDS,
        elem_id="leaderboard",
    )

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
