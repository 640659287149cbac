from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from factory.images.decoding import LARGEST_DECODED
from factory.images.facts import described, look
from tests.drawing import draw, encoded, picture


def test_a_whole_picture() -> None:
    facts = look(picture(1), "a.png")
    assert (facts.kind, facts.claimed, facts.state, facts.width, facts.height) == ("png", "png", "whole", 64, 48)
    assert (facts.frames, facts.bits) == (1, 8)
    assert facts.deviation is not None and facts.deviation > 5
    assert str(facts) == f"png 64x48, {facts.size} bytes"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_a_file_that_ends_too_early_is_not_whole(form: str) -> None:
    data = encoded(draw(1, (200, 150)), form)
    assert look(data).state == "whole"
    assert look(data[: len(data) * 2 // 3]).state in ("truncated", "broken")


@given(st.binary(max_size=300), st.integers(0, 3))
def test_no_bytes_stop_it(data: bytes, start: int) -> None:
    damaged = (picture(1)[: 40 * start] + data) if start else data
    facts = look(damaged, "a.png")
    assert facts.size == len(damaged)
    assert facts.state in ("whole", "empty", "broken", "truncated")


def test_what_claims_to_be_huge_is_never_decoded() -> None:
    data = encoded(Image.new("1", (20_000, 10_000)))
    limit = Image.MAX_IMAGE_PIXELS
    facts = look(data)
    assert facts.pixels == 200_000_000 > LARGEST_DECODED
    assert facts.deviation is None and facts.state == "whole"
    assert limit == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize(
    ("data", "bits"),
    [
        (encoded(Image.new("I;16", (9, 9), 3000)), 16),
        (encoded(Image.new("F", (9, 9), 0.5), "TIFF"), 32),
        (encoded(Image.new("1", (9, 9))), 1),
        (picture(1), 8),
    ],
)
def test_depth_is_the_files_own(data: bytes, bits: int) -> None:
    assert look(data).bits == bits


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_frames_are_counted(form: str) -> None:
    frames = [draw(seed) for seed in range(3)]
    assert look(encoded(frames[0], form, save_all=True, append_images=frames[1:])).frames == 3


def test_contrast_of_colours_counts_and_transparency_does_not() -> None:
    halves = Image.new("RGB", (40, 20), (255, 0, 0))
    halves.paste((0, 130, 0), (0, 0, 20, 20))  # nearly as bright
    assert (look(encoded(halves)).deviation or 0) > 60
    assert look(encoded(Image.new("RGBA", (20, 20), (9, 9, 9, 0)))).deviation == 0


def test_a_row_is_described_without_its_bytes() -> None:
    row = {
        "image": {"bytes": picture(1), "path": "a.png"},
        "more": [{"bytes": b"", "path": None}],
        "t": "x",
        "n": None,
    }
    said = described(row)
    assert said == {
        "image": f"png 64x48, {len(picture(1))} bytes",
        "more": ["no picture, 0 bytes, empty"],
        "t": "x",
        "n": None,
    }
