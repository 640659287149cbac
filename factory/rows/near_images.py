"""What a row's pictures look like, as a signature of which equal positions are counted."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import chain

from factory.arrays import Table, ndarray, np
from factory.images.hashing import BITS, perceptual_hash
from factory.store.columns import column
from factory.store.pictures import Picture, digests, pictures_of

SIZE = 4 * BITS  # bytes of a signature: 32 bits a position, of which none is 0


def image_rows(table: Table, columns: Sequence[str]) -> list[list[Picture]]:
    """The pictures of each row, those of one column after the other."""
    lists = zip(*(pictures_of(column(table, name)) for name in columns), strict=True)
    return [list(chain.from_iterable(found or () for found in row)) for row in lists]


def image_signature(pictures: Sequence[Picture], place: str) -> bytes:
    """The perceptual hash of a row's only picture. Rows of several are near to their equals only, a row of none to no
    other: `place` makes it one of its kind.

    Raises:
        ValueError: the picture cannot be decoded.
    """
    if len(pictures) == 1 and pictures[0].bytes:
        return _positions(perceptual_hash(pictures[0].bytes))
    said = repr(digests(pictures)) if pictures else f"nothing at {place}"
    return _positions(np.unpackbits(np.frombuffer(blake2b(said.encode(), digest_size=BITS // 8).digest(), np.uint8)))


def _positions(bits: ndarray) -> bytes:
    return (bits.astype(np.uint32) + 1).tobytes()
