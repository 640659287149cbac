from __future__ import annotations

import io

import pytest
from PIL import Image

from factory.evaluate.camel.pictures import pictures
from tests.tiny_vision import drawn


def size(data: bytes) -> tuple[int, int]:
    image = Image.open(io.BytesIO(data))
    assert image.format == "JPEG" and image.mode == "RGB"
    return image.size


@pytest.mark.parametrize(
    ("before", "after"),
    [((840, 420), (420, 210)), ((42, 21), (420, 210)), ((30, 60), (210, 420)), ((7, 7), (420, 420))],
)
def test_the_longer_side_is_420_for_small_pictures_too(before, after):
    assert [size(data) for data in pictures({"image": drawn(size=before)}, "one")] == [after]


def test_of_several_the_first_five_are_shown_and_gaps_are_passed_over():
    row = {f"image_{i}": {"bytes": drawn(size=(10 * (i + 1), 420)), "path": None} for i in range(9) if i != 1}
    assert [size(data)[0] for data in pictures(row | {"image_1": None}, "several")] == [10, 30, 40, 50, 60]
    assert pictures({"question": "?"}, "several") == []


def test_a_list_gives_its_first_picture():
    assert len(pictures({"image": [drawn(), drawn()]}, "one")) == 1


def test_pictures_are_turned_as_the_camera_noted():
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    file = io.BytesIO()
    Image.new("RGB", (80, 40)).save(file, "JPEG", exif=exif)
    assert [size(data) for data in pictures({"image": file.getvalue()}, "one")] == [(210, 420)]


@pytest.mark.parametrize(
    "value", [None, [], b"", {"bytes": None, "path": "/etc/hostname"}, "https://example.org/a.png"]
)
def test_a_row_without_bytes_fails_and_no_path_is_followed(value):
    with pytest.raises(ValueError, match="the row has no picture"):
        pictures({"image": value}, "one")
