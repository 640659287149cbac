"""Columns of pictures, as `datasets` stores them: bytes that nothing here changes, beside a name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from factory.arrays import Array, ChunkedArray, DataType, Schema, pa
from factory.store.kinds import is_list, picture_columns


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
    """The pictures of each row, taken out of Arrow when their turn comes; None where a row has null.

    In a list, null is a picture of nothing: there is a place for one, and it is empty.
    """
    several = is_list(values.type)
    for value in values:
        found = value.as_py()
        if found is None:
            yield None
        else:
            yield [Picture(**(item or {"bytes": None, "path": None})) for item in (found if several else [found])]


def digests(pictures: Sequence[Picture] | None) -> list[str] | None:
    """SHA-256 of the bytes of each picture: what makes a row's pictures equal to another's."""
    return None if pictures is None else [hashlib.sha256(picture.bytes or b"").hexdigest() for picture in pictures]
