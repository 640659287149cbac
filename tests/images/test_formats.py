from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.images.formats import content_name, is_video, media_type, said_type, type_of
from tests.drawing import draw, encoded


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "ICO", "PPM", "AVIF", "JPEG2000"])
def test_the_first_bytes_tell_the_type_that_pillow_writes(form: str) -> None:
    assert type_of(encoded(draw(1), form)) == form.lower()


@given(st.binary(max_size=40))
def test_any_bytes_have_a_type_or_none_and_a_name_that_tells_nothing(data: bytes) -> None:
    name = content_name(data, "/home/somebody/Secret Plan.PNG")
    assert type_of(data) is None or media_type(data) in (None, f"image/{type_of(data)}")
    assert name.endswith(".png") and "ecret" not in name and "/" not in name


def test_a_name_keeps_an_ending_that_types_have_and_no_other() -> None:
    data = encoded(draw(1), "JPEG")
    assert content_name(data, "a.jpeg").endswith(".jpeg")
    assert content_name(data, "a.php").endswith(".jpg")
    assert content_name(data, None).endswith(".jpg")
    assert "." not in content_name(b"words", "notes.txt")
    assert content_name(data, "a.jpg") == content_name(data, "elsewhere/b.jpg")


def test_films_are_told_by_name_and_by_content() -> None:
    assert is_video("a.MP4") and is_video("clip", b"\0\0\0\x20ftypisom") and is_video("x", b"\x1aE\xdf\xa3")
    assert (
        not is_video("a.png")
        and not is_video("x.mp4", encoded(draw(1)))
        and not is_video("x", encoded(draw(1), "AVIF"))
    )


def test_a_browser_is_given_raster_pictures_alone() -> None:
    assert media_type(encoded(draw(1), "WEBP")) == "image/webp"
    assert media_type(b"<svg xmlns='http://www.w3.org/2000/svg'/>") is None
    assert said_type("x.svg") is None
