"""Perceptual hashes: what a picture looks like in a few bits, whatever its size and compression."""

from __future__ import annotations

from typing import Any

from factory.images.decoding import decoding

SIDE = 8
BITS = SIDE * SIDE


def perceptual_hash(data: bytes) -> Any:
    """The signs of a picture's lowest frequencies as an array of `BITS` truth values, by ImageHash's `phash`.

    Pictures that differ in size, compression or a few details share nearly all of them, others half of them.

    Raises:
        ValueError: it cannot be decoded, or is too large to be.
    """
    import imagehash

    with decoding(data) as image:
        return imagehash.phash(image, hash_size=SIDE).hash.ravel()
