"""How a model answers, set by the visitor: a system prompt and how the next token is chosen."""

from __future__ import annotations

import gradio as gr

import limits
from config import Config
from models import Sampling
from words import put


def build(config: Config, model: gr.Dropdown) -> tuple[gr.Textbox, gr.Slider, gr.Slider, gr.Slider]:
    """The controls, folded away: system prompt, temperature, top-p and new tokens, at the model's own settings."""
    own = Sampling.of(config.models[model.value])
    with put(gr.Accordion(open=False), label="settings"):
        system = put(gr.Textbox("", lines=2, max_length=limits.CHARACTERS), label="system", placeholder="system_hint")
        with gr.Row():
            temperature = put(
                gr.Slider(0, 2, own.temperature, step=0.05), label="temperature", info="temperature_hint"
            )
            top_p = put(gr.Slider(0.05, 1, own.top_p, step=0.05), label="top_p", info="top_p_hint")
            tokens = put(
                gr.Slider(1, limits.NEW_TOKENS, min(own.max_new_tokens, limits.NEW_TOKENS), step=1),
                label="new_tokens",
                info="new_tokens_hint",
            )

    def defaults(name: str) -> tuple[float, float, int]:
        own = Sampling.of(config.models[name])
        return own.temperature, own.top_p, min(own.max_new_tokens, limits.NEW_TOKENS)

    model.change(defaults, model, [temperature, top_p, tokens], queue=False, api_visibility="private")
    return system, temperature, top_p, tokens
