"""Pictures that are decoded: only those that are not too large, and whatever goes wrong is said in one way."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

LARGEST_DECODED = 40_000_000  # pixels; a picture of 11 KB may claim a hundred million

_pillow = Lock()


@contextmanager
def any_size() -> Iterator[None]:
    """Pillow would not say how large a very large picture is: the limit is ours, and it stands before decoding."""
    from PIL import Image

    with _pillow:  # its limit is one for the whole process
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


@contextmanager
def decoding(data: bytes) -> Iterator[Any]:
    """Pillow's image of a file, to be worked with inside.

    Raises:
        ValueError: it cannot be decoded, which may show while it is worked with, or is too large to be.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with any_size():
            image = Image.open(io.BytesIO(data))
        with image:
            if image.width * image.height > LARGEST_DECODED:
                raise ValueError(f"{image.width} x {image.height} pixels are more than {LARGEST_DECODED:,}")
            yield image
    except UnidentifiedImageError:
        raise ValueError("the picture cannot be decoded: its bytes are of no known type") from None
    except Exception as error:  # decoders raise whatever they like
        raise ValueError(f"the picture cannot be decoded: {error}") from error
