"""A row of a dataset as its card shows it: turns of a conversation, texts beside their translations, no scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factory.look.layout import columns_of, layout, turns_of


def example(row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """(column or role, value) in the row's order; scores of checks, numbers and what is empty are left out."""
    flat, shown = columns_of(row), layout(row)
    names = {name for pair in shown.pairs for name in pair} | {*shown.texts}
    found: list[tuple[str, Any]] = []
    for name, value in flat.items():
        if name in names and value not in (None, "", []):
            found += turns_of(value) if isinstance(value, list) and turns_of(value) else [(name, value)]
    return found
