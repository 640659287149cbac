"""The same text to two models."""

from __future__ import annotations

import gradio as gr

import models
from config import Config
from words import put


def build(config: Config, language: gr.Radio) -> None:
    choices = config.names("translate", "chat")
    text = gr.Textbox(lines=3, label="Text")
    with gr.Row():
        first = gr.Dropdown(choices, value=choices[0], label="One")
        second = gr.Dropdown(choices, value=choices[1], label="The other")
    with gr.Row():
        left = gr.Textbox(lines=6, label="One")
        right = gr.Textbox(lines=6, label="The other")
    button = put(gr.Button(variant="primary"), value="compare")

    def compare(first: str, second: str, text: str) -> tuple[str, ...]:
        chosen = [config.models[name] for name in (first, second)]
        return tuple(models.answer(model, models.question(model, text)) for model in chosen)

    gr.on([button.click, text.submit], compare, [first, second, text], [left, right], api_name="compare")
