"""Small copies of pictures for pages: made anew, so that nothing of a file but its pixels reaches a browser."""

from __future__ import annotations

import io

from factory.images.facts import LARGEST_DECODED, look

SIDE = 360  # pixels
MEDIA_TYPE = "image/webp"


def thumbnail(data: bytes) -> bytes:
    """A picture of at most `SIDE` pixels a side, as WebP.

    Raises:
        ValueError: it cannot be decoded, or is too large to be.
    """
    from PIL import Image, ImageOps

    facts = look(data, decode=False)
    if facts.state != "whole" or not 0 < facts.pixels <= LARGEST_DECODED:
        raise ValueError(f"no thumbnail of {facts}")
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.draft("RGB", (SIDE, SIDE))
            small = ImageOps.exif_transpose(image).convert("RGBA" if "A" in image.getbands() else "RGB")
            small.thumbnail((SIDE, SIDE))
            small.save(out := io.BytesIO(), "WEBP", quality=80)
    except Exception as error:  # decoders raise whatever they like
        raise ValueError("the picture cannot be decoded") from error
    return out.getvalue()
