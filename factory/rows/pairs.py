"""The texts of a column beside their translations in another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from factory.rows.outcomes import Verdict, failed, rejected
from factory.store.columns import NotText, texts

if TYPE_CHECKING:
    import pyarrow as pa


def text_pairs(
    verb: str, table: pa.Table, source: str, target: str, verdicts: dict[int, Verdict]
) -> Iterator[tuple[int, str, str]]:
    """(row, source, translation) where both say something.

    A row of which one side alone does is rejected, one with a side that cannot be read failed: into `verdicts`.
    """
    for row, sides in enumerate(zip(texts(table, source), texts(table, target), strict=True)):
        if bad := next((side for side in sides if isinstance(side, NotText)), None):
            verdicts.setdefault(row, failed(verb, bad.error))
            continue
        here = [side is not None and bool(side.strip()) for side in sides]
        if all(here):
            yield row, *sides
        elif any(here):
            verdicts.setdefault(row, rejected(f"{verb}: no text", target if here[0] else source))
