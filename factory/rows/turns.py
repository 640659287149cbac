"""Columns of texts and of whole conversations, side by side as checks want them: one text beside its translation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from factory.arrays import Table
from factory.errors import FactoryError
from factory.rows.units import is_conversation
from factory.store.columns import readable, texts
from factory.store.kinds import NotText, is_json, plain
from factory.text.conversations import conversation_texts


class Turns(list[Any]):
    """A column of conversations: of each row the list of its texts, every turn's; None or `NotText` for no such."""


def texts_or_turns(table: Table, path: str) -> list[Any]:
    """The column's texts, or, of conversations, `Turns`: what `translate` would translate of them.

    In a column of JSON each value may be either.

    Raises:
        FactoryError: no such column, or it holds neither.
    """
    values = readable(table, path)
    if is_conversation(values.type) or (is_json(values.type) and any(isinstance(v, list) for v in plain(values))):
        return Turns(map(_texts, plain(values)))
    return texts(table, path)


def side_by_side(
    sources: Sequence[Any], targets: Sequence[Any]
) -> tuple[list[str | None], list[str | None], list[int] | None]:
    """(sources, targets, the row of each): of conversations turn beside turn, a missing one as None.

    The rows are None where both columns hold a text a row.

    Raises:
        FactoryError: a conversation is to be compared with a text.
    """
    if not isinstance(targets, Turns) and not isinstance(sources, Turns):
        return [*sources], [*targets], None
    alone = all(source is None for source in sources)
    if not alone and isinstance(sources, Turns) != isinstance(targets, Turns):
        raise FactoryError("a conversation is compared with a text", fix="name two columns of conversations")
    before: list[str | None] = []
    after: list[str | None] = []
    rows: list[int] = []
    for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
        turns = [*zip_longest(source or (), target or ())] or ([(None, None)] if alone else [])
        before += (one for one, _ in turns)
        after += (other for _, other in turns)
        rows += [row] * len(turns)
    return before, after, rows


def _texts(value: Any) -> Any:
    if value is None or isinstance(value, NotText):
        return value
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not all(
        isinstance(turn, dict) and {"role", "from"} & turn.keys() for turn in value
    ):
        return NotText("neither a text nor a conversation")
    try:
        return [found.text for found in conversation_texts(value)]
    except Exception as error:  # one bad row never stops a run
        return NotText(error)
