from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from factory.images.decoding import decoding
from tests.drawing import picture


@pytest.mark.parametrize("error", [struct.error("short"), IndexError("x"), KeyError(3), MemoryError(), OSError("cut")])
def test_whatever_a_decoder_raises_is_one_error(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def broken(image: PngImageFile) -> None:
        raise error

    monkeypatch.setattr(PngImageFile, "load", broken)
    with pytest.raises(ValueError, match="the picture cannot be decoded"), decoding(picture(1)) as image:
        image.convert("RGB")


def test_a_picture_that_is_too_large_is_not_decoded_and_leaves_the_limit_of_pillow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(PngImageFile, "load", lambda image: pytest.fail("it was decoded"))
    with pytest.raises(ValueError, match="20000 x 10000 pixels"), decoding(very_large()):
        pass
    assert limit == Image.MAX_IMAGE_PIXELS


def very_large() -> bytes:
    """A header that claims two hundred million pixels."""
    small = bytearray(picture(1))
    small[16:24] = struct.pack(">II", 20_000, 10_000)
    return bytes(small[:29]) + struct.pack(">I", zlib.crc32(bytes(small[12:29]))) + bytes(small[33:])
