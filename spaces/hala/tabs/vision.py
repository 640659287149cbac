"""Questions about pictures, and reading the text in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

import conversation
import limits
import models
import settings
from config import Config
from models import Sampling
from pictures import from_base64, from_file
from refused import Refused, told
from turns import Turns
from words import put, say

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = {
    "ar": [("shapes.png", "ما الأشكال التي تراها، وما ألوانها؟"), ("sign.png", "اقرأ النص في الصورة.")],
    "en": [("shapes.png", "Which shapes do you see, and in which colours?")],
}


def build(config: Config, language: gr.Radio) -> None:
    """Lay out the tab; `look` is the call for programs."""
    choices = config.names("image")
    model = put(gr.Dropdown(choices, value=choices[0], visible=len(choices) > 1), label="model")
    chatbot = gr.Chatbot(
        height=conversation.HEIGHT,
        examples=[
            {"text": text, "files": [str(FOLDER / name)]}
            for code in config.spoken
            for name, text in EXAMPLES.get(code, [])
        ],
        editable="user",
        buttons=["copy", "copy_all"],
        allow_tags=False,
        show_label=False,
    )
    put(chatbot, label="vision", placeholder="vision_placeholder", rtl="rtl")
    box = gr.MultimodalTextbox(
        file_types=["image"], file_count="multiple", sources=["upload"], max_lines=8, container=False
    )
    put(box, label="question", placeholder="vision_hint")
    with gr.Row(elem_classes="actions"):
        reading = put(gr.Button(size="sm"), value="read_text")
    controls = settings.build(config, model)

    def reply(
        turns: Turns, name: str, system: str, temperature: float, top_p: float, new_tokens: int
    ) -> Iterator[str]:
        messages = _with_pictures(turns[-limits.TURNS :])
        if system.strip():
            messages = [{"role": "system", "content": [_text(system.strip())]}, *messages]
        sampling = Sampling(temperature, top_p, min(int(new_tokens), limits.NEW_TOKENS))
        return models.stream(config.model(name), messages, sampling)

    def read(words: dict[str, Any] | None, language: str) -> dict[str, Any]:
        return {"text": say("read_question", language), "files": (words or {}).get("files", [])}

    reading.click(read, [box, language], box, queue=False, show_progress="hidden", api_visibility="private")
    conversation.connect(reply, chatbot, box, language, model, *controls)

    def look(picture_base64: str, question: str, model: str = choices[0]) -> Iterator[str]:
        """Ask a model about a picture, and read its answer as far as it is written.

        Args:
            picture_base64: a PNG, JPEG, WebP, GIF, BMP or TIFF picture in base64
            question: what is asked
            model: the model's name
        """
        with told():
            limits.check_text(question)
            content = [{"type": "image", "image": from_base64(picture_base64)}, _text(question)]
            yield from models.stream(config.model(model), [{"role": "user", "content": content}])

    gr.api(look, api_name="look", **limits.MODEL)


def _with_pictures(turns: Turns) -> Turns:
    """The turns with their pictures opened."""
    parts = [part for turn in turns for part in turn["content"]]
    pictures = sum(part["type"] == "image" for part in parts)
    if not pictures:
        raise Refused("picture_missing")
    if pictures > limits.PICTURES:
        raise Refused("too_many_pictures", limit=limits.PICTURES)
    return [{**turn, "content": [_opened(part) for part in turn["content"]]} for turn in turns]


def _opened(part: dict[str, Any]) -> dict[str, Any]:
    if part["type"] == "image":
        return {"type": "image", "image": from_file(part["path"])}
    limits.check_text(part["text"])
    return part


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
