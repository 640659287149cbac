"""A text and its translation side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

import limits
from config import Config
from refused import told, warn
from translating import translate
from words import put, say

EXAMPLES = {
    "en": [
        "The library opens at nine. Please return your books on time.",
        "# Setup\n\n1. Install the package:\n\n```bash\npip install datasets\n```\n\n2. Run `main.py`, and wait.",
    ],
    "ar": ["تفتح المكتبة أبوابها في التاسعة. يُرجى إعادة الكتب في موعدها."],
}


def build(config: Config, language: gr.Radio) -> None:
    """Lay out the tab; `translate` is the call for programs."""
    directions: dict[tuple[str, str], list[str]] = {}
    for name in config.names("translate"):
        model = config.models[name]
        directions.setdefault((model.source, model.target), []).append(name)
    first = next(iter(directions))
    swappable = any((target, source) in directions for source, target in directions)

    chosen = gr.State(first)
    choices = directions[first]
    model = put(gr.Dropdown(choices, value=choices[0], visible=len(choices) > 1), label="model")
    with gr.Row(equal_height=True):
        source = gr.Textbox(lines=10, max_lines=24, min_width=280, max_length=limits.CHARACTERS)
        target = gr.Textbox(lines=10, max_lines=24, min_width=280, interactive=True)
    source.label, target.label = (config.called(code, "en") for code in first)
    put(source, placeholder="translate_hint")
    with gr.Row(elem_classes="actions"):
        start = put(gr.Button(variant="primary"), value="translate")
        stop = put(gr.Button(variant="stop", visible=False), value="stop")
        swap = put(gr.Button(visible=swappable), value="swap")
        copy = put(gr.Button(), value="copy")
        save = put(gr.Button(), value="download")
    status = gr.Markdown(elem_classes="status")
    examples = put(gr.Dataset(components=[gr.Textbox(visible=False)], samples=_examples(first[0])), label="examples")

    def run(name: str, text: str, language: str) -> Iterator[Any]:
        yield gr.skip(), "", gr.update(visible=False), gr.update(visible=True)
        try:
            for translation, done, pieces in translate(config.model(name), text):
                yield translation, say("pieces", language, done=done, pieces=pieces), gr.skip(), gr.skip()
        except Exception as error:
            warn(error, language)
        yield gr.skip(), "", *ready()

    def ready() -> tuple[Any, Any]:
        return gr.update(visible=True), gr.update(visible=False)

    def turned(direction: tuple[str, str], source: str, target: str, language: str) -> tuple[Any, ...]:
        other = (direction[1], direction[0])
        choices = directions[other]
        texts = [
            gr.update(value=text, label=config.called(code, language))
            for text, code in zip((target, source), other, strict=True)
        ]
        model = gr.update(choices=choices, value=choices[0], visible=len(choices) > 1)
        return other, *texts, model, gr.update(samples=_examples(other[0]))

    def named(direction: tuple[str, str], language: str) -> list[Any]:
        return [gr.update(label=config.called(code, language)) for code in direction]

    private: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    running = gr.on(
        [start.click, source.submit],
        run,
        [model, source, language],
        [target, status, start, stop],
        show_progress="hidden",
        api_visibility="private",
        **limits.MODEL,
    )
    stop.click(ready, None, [start, stop], cancels=running, **private)
    swap.click(turned, [chosen, source, target, language], [chosen, source, target, model, examples], **private)
    language.change(named, [chosen, language], [source, target], **private)
    copy.click(None, target, None, js="text => navigator.clipboard.writeText(text)", **private)
    save.click(None, target, None, js="text => space.save(text, 'translation.md')", **private)
    examples.click(lambda sample: sample[0], examples, source, **private)

    def translated(text: str, model: str = choices[0]) -> str:
        """Translate a text; code, lists and line breaks stay as they are.

        Args:
            text: the text, plain or Markdown
            model: the translator's name
        """
        with told():
            return [*translate(config.model(model), text)][-1].text

    gr.api(translated, api_name="translate", **limits.MODEL)


def _examples(code: str) -> list[list[str]]:
    return [[text] for text in EXAMPLES.get(code, [])]
