"""Small copies of pictures for pages: made anew, so that nothing of a file but its pixels reaches a browser."""

from __future__ import annotations

import io

from factory.images.decoding import decoding

SIDE = 360  # pixels, of one among many
MEDIA_TYPE = "image/webp"


def thumbnail(data: bytes, side: int = SIDE) -> bytes:
    """A picture of at most `side` pixels a side, as WebP.

    Raises:
        ValueError: it cannot be decoded, or is too large to be.
    """
    from PIL import ImageOps

    with decoding(data) as image:
        image.draft("RGB", (side, side))
        small = ImageOps.exif_transpose(image).convert("RGBA" if "A" in image.getbands() else "RGB")
        small.thumbnail((side, side))
        small.save(out := io.BytesIO(), "WEBP", quality=80)
    return out.getvalue()
