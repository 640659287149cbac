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

SCRIPTS = ("state.js", "text.js", "rows.js", "plot.js", "submission.js", "board.js")
SCREEN = 30  # rows


def build(config: Config, language: gr.Radio) -> None:
    """Lay out the tab, which a script of the page draws; `leaderboard` and `submit` are the calls for programs."""
    written = json.dumps(config.board, ensure_ascii=False, separators=(",", ":"))

    def tables(_: None) -> str:
        return written  # as a text: what the server would encode takes half a second for 2,000 rows

    def submission(asked: dict[str, Any]) -> str:
        return submitted(str(asked["model"]), "ar" if asked["language"] == "ar" else "en")

    drawn.html(
        "board",
        scripts=SCRIPTS,
        words=WORDS,
        server_functions=[tables, submission],
        first=[_first_rows(table) for table in config.board],
        longest=LONGEST,
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

    def submit(model: str) -> str:
        """Submit a model of the Hub (owner/name) for evaluation; what is said of it."""
        return submitted(model, "en")

    gr.api(submit, api_name="submit")


def _first_rows(table: dict[str, Any]) -> dict[str, Any]:
    """The table with as many rows as fill a screen, and how many there are: shown while the rest is on its way."""
    sections = [
        {**section, "rows": section["rows"][:SCREEN], "count": len(section["rows"])} for section in table["sections"]
    ]
    return {**table, "sections": sections}
