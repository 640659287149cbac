"""Small copies of pictures for pages: made anew, so that nothing of a file but its pixels reaches a browser."""

from __future__ import annotations

import io

from factory.images.decoding import decoding

SIDE = 360  # pixels
MEDIA_TYPE = "image/webp"


def thumbnail(data: bytes) -> bytes:
    """A picture of at most `SIDE` pixels a side, as WebP.

    Raises:
        ValueError: it cannot be decoded, or is too large to be.
    """
    from PIL import ImageOps

    with decoding(data) as image:
        image.draft("RGB", (SIDE, SIDE))
        small = ImageOps.exif_transpose(image).convert("RGBA" if "A" in image.getbands() else "RGB")
        small.thumbnail((SIDE, SIDE))
        small.save(out := io.BytesIO(), "WEBP", quality=80)
    return out.getvalue()
