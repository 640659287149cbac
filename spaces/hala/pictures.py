"""Pictures that visitors send: bounded, decoded once, upright and in colour."""

from __future__ import annotations

import base64
import binascii
import io
from pathlib import Path

from PIL import Image, ImageOps

import limits
from refused import Refused

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def picture(content: bytes) -> Image.Image:
    """The picture in `content`, the first frame of one that moves.

    Raises:
        Refused: more bytes or pixels than `limits` allow, or no picture of `FORMATS`.
    """
    if len(content) > limits.PICTURE_BYTES:
        raise Refused("picture_bytes", limit=limits.PICTURE_BYTES // 1_000_000)
    try:
        opened = Image.open(io.BytesIO(content), formats=FORMATS)
        if opened.width * opened.height > limits.PIXELS:
            raise Refused("picture_pixels", limit=limits.PIXELS // 1_000_000)
        return ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Refused("no_picture") from error


def from_file(path: str) -> Image.Image:
    """The picture in a file that a visitor uploaded.

    Raises:
        Refused: as `picture`.
    """
    return picture(Path(path).read_bytes())


def from_base64(text: str) -> Image.Image:
    """The picture in base64, with or without ``data:image/png;base64,`` before it.

    Raises:
        Refused: as `picture`, or it is no base64.
    """
    try:
        return picture(base64.b64decode(text.partition(",")[2] or text, validate=True))
    except binascii.Error as error:
        raise Refused("no_picture") from error
