"""The pictures of a row as CAMEL-Bench shows them: as JPEG, the longer side 420 pixels; small ones are scaled up."""

import io
from collections.abc import Mapping
from typing import Any

from factory.engines.vision import decoded

SIDE = 420
MOST = 5  # pictures of a row that are shown
SEVERAL = [f"image_{number}" for number in range(9)]


def pictures(row: Mapping[str, Any], images: str) -> list[bytes]:
    """JPEG files of a row's pictures: of the column `image`, or with ``several`` of `image_0` to `image_8`.

    Raises:
        ValueError: one is not there, cannot be decoded, or would have no height or width at that size.
    """
    if images == "several":
        found = [row[name] for name in SEVERAL if row.get(name) is not None][:MOST]
    else:
        value = row.get("image")
        found = value[:1] if isinstance(value, list) and value else [value]
    return [shown(_bytes(value)) for value in found]


def _bytes(value: Any) -> bytes:
    """A picture's bytes as they are stored; a path is never followed.

    Raises:
        ValueError: there are none.
    """
    data = value.get("bytes") if isinstance(value, Mapping) else value
    if not isinstance(data, bytes) or not data:
        raise ValueError("the row has no picture")
    return data


def shown(data: bytes) -> bytes:
    """The picture, upright as its camera says, at the size of the benchmark."""
    image = decoded(data, upright=True)
    width, height = image.size
    wide = width > height
    size = (SIDE, int(SIDE / width * height)) if wide else (int(SIDE / height * width), SIDE)
    if not all(size):
        raise ValueError(f"a picture of {width} x {height} pixels has no {'height' if wide else 'width'} at {SIDE}")
    file = io.BytesIO()
    image.resize(size).save(file, "JPEG")
    return file.getvalue()
