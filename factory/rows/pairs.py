"""The texts of a column beside their translations in another, or beside their pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from factory.rows.outcomes import Verdict, failed, rejected
from factory.store.columns import NotText, image_rows, texts

if TYPE_CHECKING:
    import pyarrow as pa

Shown = tuple[int, list[bytes], str]
"""A row, the files of its pictures, and its text."""


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


def picture_pairs(
    verb: str, table: pa.Table, images: str, column: str, verdicts: dict[int, Verdict]
) -> Iterator[Shown]:
    """The rows that have pictures in `images` and a text in `column`; those that lack one of them are rejected."""
    for row, (pictures, text) in enumerate(zip(image_rows(table, [images]), texts(table, column), strict=True)):
        if isinstance(text, NotText):
            verdicts.setdefault(row, failed(verb, text.error))
            continue
        said = text if text is not None and text.strip() else ""
        if said and pictures:
            yield row, [picture.bytes or b"" for picture in pictures], said
        elif said:
            verdicts.setdefault(row, rejected(f"{verb}: no picture", images))
        elif pictures:
            verdicts.setdefault(row, rejected(f"{verb}: no text", column))
