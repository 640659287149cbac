"""What a row's pictures look like, as a signature of which equal positions are counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from factory.arrays import Table, ndarray, np, pq
from factory.images.hashing import BITS, perceptual_hash
from factory.store.columns import image_rows, read_columns
from factory.store.kinds import picture_columns
from factory.store.pictures import Picture, digests


def image_signature(pictures: Sequence[Picture], place: str) -> bytes:
    """The perceptual hash of a row's only picture. Rows of several are near to their equals only, a row of none to no
    other: `place` makes it one of its kind.

    Raises:
        ValueError: the picture cannot be decoded.
    """
    if len(pictures) == 1 and pictures[0].bytes:
        return _positions(perceptual_hash(pictures[0].bytes))
    said = repr(digests(pictures)) if any(picture.bytes for picture in pictures) else f"nothing at {place}"
    return _positions(np.unpackbits(np.frombuffer(blake2b(said.encode(), digest_size=BITS // 8).digest(), np.uint8)))


def _positions(bits: ndarray) -> bytes:
    return (bits.astype(np.uint32) + 1).tobytes()  # zeros alone would stand for a row that cannot be read


class KnownImages:
    """The pictures of benchmarks by what they look like; those that cannot be decoded are left out.

    Attributes:
        count: how many there are.
    """

    def __init__(self, shards: Iterable[tuple[str, Path]]) -> None:
        """`shards` are (benchmark, Parquet file)."""
        self._names: list[str] = []
        hashes = []
        for name, path in shards:
            columns = picture_columns(pq.read_schema(path))
            for pictures in image_rows(read_columns(path, columns), columns) if columns else ():
                for picture in pictures:
                    with suppress(ValueError):
                        hashes.append(_signs(picture))
                        self._names.append(name)
        self._hashes = np.array(hashes, np.float32).reshape(len(hashes), BITS)
        self.count = len(hashes)

    def likeness(self, table: Table, columns: Sequence[str]) -> list[tuple[float, str] | Exception | None]:
        """For each row the largest share of equal bits that one of its pictures has with a benchmark's, and whose that
        is; None for a row without pictures, the exception of one whose picture cannot be decoded."""
        found: list[tuple[float, str] | Exception | None] = []
        for pictures in image_rows(table, columns):
            try:
                signs = np.array([_signs(picture) for picture in pictures if picture.bytes], np.float32)
            except ValueError as error:
                found.append(error)
                continue
            if not len(signs) or not self.count:
                found.append(None)
                continue
            equal = (signs @ self._hashes.T).max(axis=0)  # equal bits less unequal ones
            best = int(equal.argmax())
            found.append((float(BITS + equal[best]) / (2 * BITS), self._names[best]))
        return found


def _signs(picture: Picture) -> ndarray:
    return perceptual_hash(picture.bytes or b"") * 2.0 - 1.0
