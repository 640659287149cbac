"""A conversation with a model."""

from __future__ import annotations

from typing import Any

import gradio as gr

import models
from config import Config
from words import put


def build(config: Config, language: gr.Radio) -> None:
    choices = config.names("chat")
    model = put(gr.Dropdown(choices, value=choices[0]), label="model")

    def chat(text: str, history: list[dict[str, Any]], name: str) -> str:
        turns = [{"role": turn["role"], "content": _text(turn["content"])} for turn in history]
        return models.answer(config.models[name], [*turns, {"role": "user", "content": text}])

    gr.ChatInterface(chat, additional_inputs=[model], api_name="chat")


def _text(content: Any) -> str:
    """Gradio hands a turn's content back as a string or as a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content if isinstance(part, dict))
