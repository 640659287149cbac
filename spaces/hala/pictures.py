"""Pictures that visitors send: bounded, upright and in colour."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from PIL import ImageOps

import limits
from factory.images.decoding import decoding
from refused import Refused

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def picture(content: bytes) -> Any:
    """Pillow's image of `content`, the first frame of one that moves.

    Raises:
        Refused: too many bytes or pixels, or no picture of `FORMATS`.
    """
    if len(content) > limits.PICTURE_BYTES:
        raise Refused("picture_bytes", limit=limits.PICTURE_BYTES // 1_000_000)
    try:
        with decoding(content) as image:
            if image.format not in FORMATS:
                raise Refused("no_picture")
            return ImageOps.exif_transpose(image).convert("RGB")
    except ValueError as error:
        raise Refused("no_picture") from error


def from_file(path: str) -> Any:
    """The picture in a file that a visitor uploaded.

    Raises:
        Refused: as `picture`.
    """
    return picture(Path(path).read_bytes())


def from_base64(text: str) -> Any:
    """The picture in base64, with or without ``data:image/png;base64,`` before it.

    Raises:
        Refused: as `picture`, or it is no base64.
    """
    try:
        content = base64.b64decode(text.partition(",")[2] or text, validate=True)
    except ValueError as error:
        raise Refused("no_picture") from error
    return picture(content)
