"""A conversation with a model."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

import conversation
import limits
import models
import settings
from config import Config
from models import Sampling
from refused import told
from turns import Turns, text_only
from words import put

EXAMPLES = {
    "ar": ["ما عاصمة المغرب؟", "اشرح لي الفرق بين القائمة والمجموعة في بايثون مع مثال."],
    "en": ["Write three lines about the sea.", "How do I read a file line by line in Python?"],
}


def build(config: Config, language: gr.Radio) -> None:
    """Lay out the tab; `chat` is the call for programs."""
    choices = config.names("chat")
    model = put(gr.Dropdown(choices, value=choices[0], visible=len(choices) > 1), label="model")
    chatbot = gr.Chatbot(
        height=conversation.HEIGHT,
        examples=[{"text": text} for code in config.spoken for text in EXAMPLES.get(code, [])],
        editable="user",
        buttons=["copy", "copy_all"],
        allow_tags=False,
        show_label=False,
    )
    put(chatbot, label="chat", placeholder="chat_placeholder", rtl="rtl")
    box = put(
        gr.Textbox(max_lines=8, max_length=limits.CHARACTERS, submit_btn=True, container=False),
        label="message",
        placeholder="message_hint",
    )
    controls = settings.build(config, model)

    def reply(
        turns: Turns, name: str, system: str, temperature: float, top_p: float, new_tokens: int
    ) -> Iterator[str]:
        return models.stream(
            config.model(name),
            _checked([*_system(system), *text_only(turns[-limits.TURNS :])]),
            Sampling(temperature, top_p, min(int(new_tokens), limits.NEW_TOKENS)),
        )

    conversation.connect(reply, chatbot, box, language, model, *controls)

    def chat(message: str, model: str = choices[0], system_prompt: str = "") -> Iterator[str]:
        """Ask a model, and read its answer as far as it is written.

        Args:
            message: what is asked
            model: the model's name
            system_prompt: who the model is to be
        """
        with told():
            messages = [*_system(system_prompt), {"role": "user", "content": message}]
            yield from models.stream(config.model(model), _checked(messages))

    gr.api(chat, api_name="chat", **limits.MODEL)


def _system(prompt: str) -> Turns:
    return [{"role": "system", "content": prompt.strip()}] if prompt.strip() else []


def _checked(messages: Turns) -> Turns:
    for message in messages:
        limits.check_text(message["content"])
    return messages
