"""A conversation on the page: turns, the box below them, and what may be done: send, stop, retry, undo, edit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

import limits
from plain import shown
from refused import warn
from turns import Turns, read, start, turn, words

HEIGHT = "min(55vh, 560px)"  # of the turns, so that the box below is in sight

Reply = Callable[..., Iterator[str]]


def connect(
    reply: Reply, chatbot: gr.Chatbot, box: gr.Textbox | gr.MultimodalTextbox, language: gr.Radio, *inputs: Any
) -> None:
    """Have `reply` answer what is sent: it gets the turns as `turns.read` gives them, and the values of `inputs`.

    It yields the answer as far as it goes. What it raises is told to the visitor, whose words return to the box.
    """

    def respond(before: Turns, new: Turns, language: str, values: Any) -> Iterator[Any]:
        turns = [*before, *new]
        yield turns, busy()
        try:
            for text in reply(read(turns), *values):
                yield [*turns, {"role": "assistant", "content": shown(text)}], gr.skip()
        except Exception as error:
            warn(error, language)
            yield before, ready(new)
        else:
            yield gr.skip(), ready()

    def send(sent: Any, history: Turns, language: str, *values: Any) -> Iterator[Any]:
        new = turn(sent if pictures else {"text": sent, "files": []})
        if new:
            yield from respond(history, new, language, values)
        else:
            yield gr.skip(), gr.skip()

    def retry(data: gr.RetryData, history: Turns, language: str, *values: Any) -> Iterator[Any]:
        first = start(history, data.index)
        yield from respond(history[:first], history[first : data.index + 1], language, values)

    def edit(data: gr.EditData, history: Turns, language: str, *values: Any) -> Iterator[Any]:
        first = start(history, data.index)
        new = [*history[first : data.index], *turn({"text": str(data.value), "files": []})]
        yield from respond(history[:first], new, language, values)

    def example(data: gr.SelectData, history: Turns, language: str, *values: Any) -> Iterator[Any]:
        files = [file["path"] for file in data.value.get("files") or []]
        yield from respond(history, turn({"text": data.value["text"], "files": files}), language, values)

    def undo(data: gr.UndoData, history: Turns) -> tuple[Turns, Any]:
        first = start(history, data.index)
        return history[:first], ready(history[first : data.index + 1])

    pictures = isinstance(box, gr.MultimodalTextbox)

    def filled(new: Turns) -> Any:
        return words(new) if pictures else words(new)["text"]

    def busy() -> Any:
        return gr.update(value=filled([]), submit_btn=False, stop_btn=True)

    def ready(new: Turns | None = None) -> Any:
        return gr.update(submit_btn=True, stop_btn=False, **({"value": filled(new)} if new else {}))

    inputs = (chatbot, language, *inputs)
    run: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", **limits.MODEL}
    running = [
        box.submit(send, [box, *inputs], [chatbot, box], **run),
        chatbot.retry(retry, [*inputs], [chatbot, box], **run),
        chatbot.edit(edit, [*inputs], [chatbot, box], **run),
        chatbot.example_select(example, [*inputs], [chatbot, box], **run),
    ]
    chatbot.undo(undo, chatbot, [chatbot, box], queue=False, api_visibility="private")
    for stops in (box.stop, chatbot.clear):
        stops(ready, None, box, cancels=running, queue=False, api_visibility="private")
