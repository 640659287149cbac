"""Which of the recipe's two languages rows are in: a card names those that are there, and no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from factory.look.layout import columns_of, turns_of
from factory.text.conversations import parts_of
from factory.text.languages import LONGEST, SHORTEST, detect, language_share

LOOKED_AT = 200  # rows
ENOUGH = 0.15  # share of a column's text: some words of another language make no rows in it


def languages_in(
    rows: Iterable[Mapping[str, Any]], languages: Sequence[str], columns: Sequence[str] = ()
) -> list[str]:
    """Those of the languages that texts of a column are in, by the first 200 rows; all where nothing can be told.

    Args:
        columns: the only ones that count; by default every one.
    """
    pieces = [pieces for pieces in _texts(islice(rows, LOOKED_AT), columns).values() if pieces]
    found = [language for language in languages if any(_share(texts, language) >= ENOUGH for texts in pieces)]
    return found or list(languages)


def _share(pieces: Sequence[str], language: str) -> float:
    return sum(language_share(piece, language) for piece in pieces) / len(pieces)


def _texts(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> dict[str, list[str]]:
    """The texts of each column and of each role in it, in pieces of which the language can be told."""
    whole: dict[str, list[str]] = {}
    for row in [columns_of(row) for row in rows]:
        for name, value in row.items():
            if not columns or name.partition(".")[0] in columns:
                for part, text in _said(value):
                    whole.setdefault(f"{name}/{part}", []).append(text)
    return {name: [piece for piece in _pieces(" ".join(texts)) if detect(piece)] for name, texts in whole.items()}


def _said(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield "", value
    elif isinstance(value, list) and turns_of(value):
        for message, (role, _) in zip(value, turns_of(value), strict=True):
            yield from ((role, part.value) for part in parts_of(message) if part.kind == "text")


def _pieces(text: str) -> list[str]:
    pieces = [text[at : at + LONGEST] for at in range(0, len(text), LONGEST)]
    return [piece for piece in pieces if len(piece) >= SHORTEST]
