"""Which columns of a dataset are a source and its translation."""

from __future__ import annotations

from collections.abc import Mapping

from factory.errors import FactoryError
from factory.store.columns import require


def column_pairs(
    columns: list[str], pairs: Mapping[str, str] | None, suffix: str, *, otherwise: str = ""
) -> dict[str, str]:
    """Source column -> translation: `pairs` where given, else every (x, x + suffix) there is.

    `otherwise` is what a user could write instead of pairs, said where no pair is found.

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
            fix="say which: `columns: {source: translation}`" + (f" or {otherwise}" if otherwise else ""),
        )
    return found
