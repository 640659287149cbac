"""Pictures that visitors send, and what is refused of them."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

import limits
import pictures
from refused import Refused
from tests.tiny_vision import drawn


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", pictures.FORMATS)
def test_pictures_become_rgb(kind: str) -> None:
    image = pictures.picture(encoded(Image.new("RGB", (4, 3), "red"), kind))
    assert (image.mode, image.size) == ("RGB", (4, 3))


def test_a_picture_that_the_camera_turned_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert pictures.picture(encoded(Image.new("RGB", (4, 3)), "JPEG", exif=exif)).size == (3, 4)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "no_picture"),
        (b"<svg onload=alert(1)>", "no_picture"),
        (drawn()[:60], "no_picture"),
        (encoded(Image.new("RGB", (4, 3)), "EPS"), "no_picture"),
        (encoded(Image.new("1", (7000, 6000)), "PNG"), "no_picture"),
        (b"x" * (limits.PICTURE_BYTES + 1), "picture_bytes"),
    ],
    ids=["empty", "svg", "cut off", "a program", "a bomb", "too many bytes"],
)
def test_anything_else_is_refused(content: bytes, key: str) -> None:
    with pytest.raises(Refused) as refused:
        pictures.picture(content)
    assert refused.value.key == key


def test_base64_may_be_a_data_url() -> None:
    text = base64.b64encode(drawn()).decode()
    assert pictures.from_base64(text).size == pictures.from_base64(f"data:image/png;base64,{text}").size == (60, 40)
    for wrong in ("http://a.example/x.png", "/etc/passwd", "%%%"):
        with pytest.raises(Refused):
            pictures.from_base64(wrong)
