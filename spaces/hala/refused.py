"""What is refused or goes wrong, as a visitor is told it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from words import say


class Refused(Exception):
    """What cannot be done for a visitor; `key` and `values` are of `words.say`."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key, self.values = key, values


def explain(error: Exception, language: str) -> str:
    """The text for a visitor; what was not foreseen goes to the log whole."""
    if isinstance(error, Refused):
        return say(error.key, language, **error.values)
    traceback.print_exception(error)
    return say("failed", language)


def warn(error: Exception, language: str) -> None:
    """Tell the visitor, in a corner of the page."""
    gr.Warning(explain(error, language), title=say("warning", language))


@contextmanager
def told() -> Iterator[None]:
    """Within a call for programs: what is refused reaches the caller as an error with its text.

    Raises:
        gr.Error: in place of a `Refused`.
    """
    try:
        yield
    except Refused as error:
        raise gr.Error(explain(error, "en"), print_exception=False) from error
