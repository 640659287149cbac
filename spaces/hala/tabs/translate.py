"""A text and its translation side by side."""

from __future__ import annotations

import gradio as gr

import models
from config import Config
from words import put


def build(config: Config, language: gr.Radio) -> None:
    choices = config.names("translate")
    model = put(gr.Dropdown(choices, value=choices[0]), label="model")
    with gr.Row():
        source = gr.Textbox(lines=6, label=config.language["source"])
        target = gr.Textbox(lines=6, label=config.language["target"], buttons=["copy"])
    button = put(gr.Button(variant="primary"), value="translate")

    def translate(name: str, text: str) -> str:
        model = config.models[name]
        return models.answer(model, models.question(model, text)) if text.strip() else ""

    gr.on([button.click, source.submit], translate, [model, source], target, api_name="translate")
