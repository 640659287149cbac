"""The same text to two models whose names are hidden, and a vote between their answers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import gradio as gr

import keeping
import limits
import models
from arena import VOTES, Ballots, pair, standings
from config import Config
from plain import shown
from refused import warn
from tables import table, told
from words import put, say

HEADERS = ("model", "votes", "wins", "rate", "low", "high")


def tasks(config: Config) -> list[str]:
    """What at least two models do, and so can be compared in."""
    return [task for task in ("chat", "translate") if len(config.names(task)) > 1]


def build(config: Config, language: gr.Radio) -> None:
    """Lay out the tab."""
    ballots = Ballots(keeping.here())
    names = config.names(*tasks(config)[:1])
    round_ = gr.State(None)  # what is being voted on: {text, left, right, answers}
    put(gr.Markdown(), value="compare_about")
    text = gr.Textbox(lines=3, max_lines=12, max_length=limits.CHARACTERS)
    put(text, label="compare_text", placeholder="message_hint")
    with gr.Row(elem_classes="actions"):
        start = put(gr.Button(variant="primary"), value="compare")
        stop = put(gr.Button(variant="stop", visible=False), value="stop")
    answers = []
    with gr.Row():
        for side in ("left", "right"):
            with gr.Column(min_width=280):
                put(gr.Markdown(elem_classes="side"), value=f"answer_{side}")
                answers.append(
                    gr.Markdown(
                        container=True, min_height=160, max_height=480, buttons=["copy"], elem_classes="answer"
                    )
                )
    with gr.Row(visible=False) as voting:
        buttons = {vote: put(gr.Button(), value=f"vote_{vote}") for vote in VOTES}
    revealed = gr.Markdown(elem_classes="status")
    standing = gr.HTML(_standings(ballots))

    def run(text: str, language: str) -> Iterator[Any]:
        if not text.strip():
            yield [gr.skip()] * 7
            return
        left, right = pair(names)
        yield "", "", None, gr.update(visible=False), "", gr.update(visible=False), gr.update(visible=True)
        said = ("", "")
        try:
            limits.check_text(text)
            for said in _both(config, left, right, text):
                yield *map(shown, said), *[gr.skip()] * 5
            current = {"text": text, "left": left, "right": right, "answers": said}
            yield gr.skip(), gr.skip(), current, gr.update(visible=True), "", *ready()
        except Exception as error:
            warn(error, language)
            yield *[gr.skip()] * 5, *ready()

    def ready() -> tuple[Any, Any]:
        return gr.update(visible=True), gr.update(visible=False)

    def voted(vote: str, current: dict[str, Any], language: str) -> tuple[Any, ...]:
        ballots.add(vote, **current, language=language)
        names = say("revealed", language, left=current["left"], right=current["right"])
        return None, gr.update(visible=False), names, _standings(ballots)

    private: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    running = gr.on(
        [start.click, text.submit],
        run,
        [text, language],
        [*answers, round_, voting, revealed, start, stop],
        **private,
        **limits.MODEL,
    )
    stop.click(ready, None, [start, stop], cancels=running, queue=False, **private)
    for vote, button in buttons.items():
        button.click(
            lambda current, language, vote=vote: voted(vote, current, language),
            [round_, language],
            [round_, voting, revealed, standing],
            **private,
        )


def _both(config: Config, left: str, right: str, text: str) -> Iterator[tuple[str, str]]:
    """Both answers as far as they go, in turn, so that neither is told apart by its speed."""
    asked = [config.model(name) for name in (left, right)]
    said = ["", ""]
    for parts in zip_longest(*(models.stream(model, models.question(model, text)) for model in asked)):
        said = [before if part is None else part for before, part in zip(said, parts, strict=True)]
        yield said[0], said[1]


def _standings(ballots: Ballots) -> str:
    """The table of wins as HTML; nothing before the first vote."""
    rows = standings(ballots.rows())
    texts = [[row[name] if isinstance(row[name], str) else f"{row[name]:.4g}" for name in HEADERS] for row in rows]
    return table(told("standings"), [told(f"standing_{name}") for name in HEADERS], texts) if rows else ""
