"""Which columns of a dataset are a source and its translation, and the pairs of texts in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from factory.errors import FactoryError
from factory.rows.outcomes import Verdict, failed, rejected
from factory.store.columns import NotText, require, texts

if TYPE_CHECKING:
    import pyarrow as pa


def column_pairs(
    columns: list[str], pairs: Mapping[str, str] | None, suffix: str, *, otherwise: str = ""
) -> dict[str, str]:
    """Source column -> translation: `pairs` where given, else every (x, x + suffix) there is.

    `otherwise` is what a user could write instead of `pairs`, said where no pair is found.

    Raises:
        FactoryError: a column is not there, or there is no such pair.
    """
    if pairs is not None:
        require((*pairs, *pairs.values()), columns)
        return dict(pairs)
    found = {name: name + suffix for name in columns if name + suffix in columns}
    if not found:
        raise FactoryError(
            f"no pair of columns x and x{suffix}: {', '.join(columns)}",
            fix="say which: `pairs: {source: translation}`" + (f" or {otherwise}" if otherwise else ""),
        )
    return found


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
