"""Rows of the datasets for people to rate: the sheet of `factory rate` as a page."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr

import drawn
import keeping
import limits
from config import Config
from raters import Rated
from refused import Refused, explain
from sheet_words import WORDS

FOLDER = Path(__file__).parents[1]
Asked = dict[str, Any]


def build(config: Config, language: gr.Radio) -> None:
    """Lay out the tab; what it says in which language the page's script knows."""
    rated = {sheet["name"]: Rated(sheet, keeping.here()) for sheet in config.sheets}

    def chosen(asked: Asked) -> Rated:
        if asked.get("sheet") not in rated:
            raise Refused("no_rating")
        return rated[asked["sheet"]]

    @answering
    def rows(asked: Asked) -> str:
        return json.dumps(chosen(asked).sheet, ensure_ascii=False)  # as a text, which the server encodes at once

    @answering
    def said(asked: Asked) -> dict[str, Any]:
        lines = chosen(asked).by(str(asked["rater"]))
        return {id: {"answers": line.answers, "comment": line.comment} for id, line in lines.items()}

    @answering
    def rate(asked: Asked) -> None:
        answers = {str(name): str(said) for name, said in dict(asked["answers"]).items()}
        chosen(asked).add(str(asked["rater"]), str(asked["row"]), answers, str(asked["comment"]))

    @answering
    def csv(asked: Asked) -> str:
        return chosen(asked).csv(str(asked["rater"]))

    @answering
    def pictures(asked: Asked) -> dict[str, list[str]]:
        row = chosen(asked).row(str(asked["row"]))
        return {column: [_data_url(path) for path in paths] for column, paths in row["pictures"].items()}

    drawn.html(
        "sheet",
        scripts=["sheet.js"],
        words=WORDS,
        server_functions=[rows, said, rate, csv, pictures],
        sheets=[*rated],
        longest={"name": limits.NAME, "comment": limits.COMMENT},
    )


def answering(function: Callable[[Asked], Any]) -> Callable[[Asked], dict[str, Any]]:
    """What the page asks for as {value}; what is refused as {refused}, a text in the visitor's language."""

    @wraps(function)
    def answer(asked: Asked) -> dict[str, Any]:
        try:
            return {"value": function(asked)}
        except Exception as error:
            return {"refused": explain(error, "ar" if asked.get("language") == "ar" else "en")}

    return answer


def _data_url(path: str) -> str:
    return f"data:image/webp;base64,{base64.b64encode((FOLDER / path).read_bytes()).decode()}"
