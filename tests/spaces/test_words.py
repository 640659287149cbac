"""The interface's texts in both languages."""

from __future__ import annotations

from string import Formatter
from typing import Any

import gradio as gr
import pytest

import words


@pytest.mark.parametrize("key", words.TEXTS)
def test_each_text_is_there_in_both_languages_with_the_same_places(key: str) -> None:
    assert set(words.TEXTS[key]) == {"en", "ar"}
    places = [places_of(text) for text in words.TEXTS[key].values()]
    assert places[0] == places[1]


def places_of(text: Any) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name} if isinstance(text, str) else set()


def test_a_component_changes_with_the_language() -> None:
    button = words.put(gr.Button(), value="translate")
    assert button.value == "Translate"
    (update,) = words.updates([button], "ar")
    assert update["value"] == "ترجمة"
