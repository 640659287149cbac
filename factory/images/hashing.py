"""Perceptual hashes: what a picture looks like in a few bits, whatever its size and compression."""

from __future__ import annotations

import io
from typing import Any

SIDE = 8
BITS = SIDE * SIDE


def perceptual_hash(data: bytes) -> Any:
    """The signs of a picture's lowest frequencies as an array of `BITS` truth values, by ImageHash's `phash`.

    Pictures that differ in size, compression or a few details share nearly all of them, others half of them.

    Raises:
        ValueError: it cannot be decoded, or is too large to be.
    """
    import imagehash
    from PIL import Image

    from factory.images.facts import LARGEST_DECODED, look

    if look(data, decode=False).pixels > LARGEST_DECODED:
        raise ValueError(f"a picture of more than {LARGEST_DECODED / 1e6:g} megapixels is not decoded")
    try:
        with Image.open(io.BytesIO(data)) as image:
            return imagehash.phash(image, hash_size=SIDE).hash.ravel()
    except Exception as error:  # decoders raise whatever they like
        raise ValueError("the picture cannot be decoded") from error
