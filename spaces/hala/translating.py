"""A long text translated piece by piece: code, lists, tables and line breaks stay where they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import limits
import models
from config import Model
from factory.text.masks import TAG, mask, unmask
from factory.text.segments import split
from models import Sampling

PIECE = 1_000  # characters: a paragraph, a list item, a table's cell, or sentences of one that is longer


class Progress(NamedTuple):
    """The translation as far as it goes, and how many of its pieces are done."""

    text: str
    done: int
    pieces: int


def translate(model: Model, text: str) -> Iterator[Progress]:
    """The translation, again and again as it grows; an empty text has none.

    Raises:
        Refused: the text is too long, or the model cannot do it.
    """
    limits.check_text(text)
    parts = split(text, PIECE)
    pieces = sum(part.translate for part in parts)
    done, before = 0, ""
    for part in parts:
        whole = part.text
        if part.translate:
            for whole in _piece(model, part.text):
                yield Progress(before + whole, done, pieces)
            done += 1
        before += whole
    yield Progress(before, done, pieces)


def _piece(model: Model, text: str) -> Iterator[str]:
    """With what must survive inside it as marks; as it is where the model does not give the marks back."""
    marked = mask(text, TAG)
    restored = None
    for answer in _answers(model, marked.text):
        restored = unmask(answer, marked.originals, TAG)
        yield restored.text
    if restored and not restored.ok:
        yield from _answers(model, text)


def _answers(model: Model, text: str) -> Iterator[str]:
    room = min(limits.NEW_TOKENS, 64 + 2 * len(text))
    return models.stream(model, models.question(model, text), Sampling(max_new_tokens=room))
