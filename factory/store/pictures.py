"""Columns of pictures, as `datasets` stores them: bytes that nothing here changes, beside a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from factory.arrays import Array, ChunkedArray, DataType, Schema, pa
from factory.store.kinds import is_list, picture_columns
from factory.store.packs import digest_of, with_bytes


class Picture(NamedTuple):
    """One picture: its file's bytes (None or empty: there is nothing) and what it is called."""

    bytes: bytes | None
    path: str | None


def picture_type(several: bool = False) -> DataType:
    """The Arrow type of a column of one picture a row, or of several."""
    one = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return pa.list_(one) if several else one


def picture_feature(several: bool = False) -> dict[str, Any]:
    """What a table's metadata say of such a column, so that `datasets` and the Hub's viewer show pictures."""
    return {"feature": {"_type": "Image"}, "_type": "List"} if several else {"_type": "Image"}


def undecoded(schema: Schema) -> Any:
    """The columns as features of `datasets` that leave pictures the bytes they are; None where there are none."""
    if not (names := picture_columns(schema)):
        return None
    from datasets import Features, Image, List

    features, one = Features.from_arrow_schema(schema), Image(decode=False)
    return Features({**features, **{name: List(one) if is_list(schema.field(name).type) else one for name in names}})


def pictures_of(values: Array | ChunkedArray) -> Iterator[list[Picture] | None]:
    """The pictures of each row, read when their turn comes; None where a row has null.

    In a list, null is a picture of nothing: there is a place for one, and it is empty.
    """
    for row in _rows(values):
        yield None if row is None else [Picture(*with_bytes(*item)) for item in row]


def picture_digests(values: Array | ChunkedArray) -> list[list[str] | None]:
    """SHA-256 of the bytes of each row's pictures: what makes them equal to another's. Those in packs are not read."""
    return [None if row is None else [digest_of(*item) for item in row] for row in _rows(values)]


def digests(pictures: Sequence[Picture]) -> list[str]:
    """SHA-256 of the bytes of each picture."""
    return [digest_of(*picture) for picture in pictures]


def _rows(values: Array | ChunkedArray) -> Iterator[list[Picture] | None]:
    """The pictures of each row as they stand there."""
    several = is_list(values.type)
    for value in values:
        found = value.as_py()
        if found is None:
            yield None
        else:
            yield [Picture(**(item or {"bytes": None, "path": None})) for item in (found if several else [found])]
