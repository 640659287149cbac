"""Questions about pictures."""

from __future__ import annotations

from typing import Any

import gradio as gr

import models
from config import Config
from words import put


def build(config: Config, language: gr.Radio) -> None:
    choices = config.names("image")
    model = put(gr.Dropdown(choices, value=choices[0]), label="model")
    picture = gr.Image(type="pil", label="Picture")
    question = gr.Textbox(label="Question")
    reply = gr.Textbox(lines=6, label="Answer")

    def look(name: str, picture: Any, question: str) -> str:
        content = [{"type": "image", "image": picture}, {"type": "text", "text": question}]
        return models.answer(config.models[name], [{"role": "user", "content": content}])

    question.submit(look, [model, picture, question], reply, api_name="look")
