"""Every check of pictures finds what it is for, by its name, and nothing else."""

from __future__ import annotations

import pytest
from PIL import Image

from factory.checks import IMAGES, checks, parse_check
from factory.checks.base import ImageCheck
from factory.images.facts import look
from tests.drawing import draw, encoded, picture

FRAMES = [draw(seed) for seed in range(3)]
DEEP = Image.new("I;16", (40, 40), 3000)
DEEP.paste(60_000, (0, 0, 20, 40))
STRIPE = Image.new("RGB", (900, 3))
STRIPE.paste((255, 255, 255), (0, 0, 400, 3))
BAD = {
    "image_empty": (b"", None),
    "image_type": (encoded(draw(1), "JPEG"), "a.png"),
    "image_broken": (picture(1)[:40], None),
    "image_truncated": (encoded(draw(1, (200, 200)), "JPEG")[:-1000], None),
    "image_pixels": (encoded(Image.new("1", (9000, 9000))), None),
    "image_animated": (encoded(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:]), None),
    "image_depth": (encoded(DEEP), None),
    "image_ratio": (encoded(STRIPE), None),
    "image_blank": (encoded(Image.new("RGB", (60, 40), (250, 250, 250)), "JPEG"), None),
}


def refused(data: bytes | None, name: str | None = None, texts: tuple = (), pictures: int = 1) -> list[str]:
    facts = [look(data, name)] * pictures
    found = []
    for each in IMAGES:
        check = parse_check(each)
        assert isinstance(check, ImageCheck)
        score = check.measure_row(facts, texts)
        if score is not None and not check.accept(score):
            found.append(each)
            assert check.explain(score)
    return found


def test_the_list_has_all_checks_of_pictures() -> None:
    assert {name for name, check in checks().items() if check.looks} == set(IMAGES) == {*BAD, "image_markers"}


@pytest.mark.parametrize("name", BAD)
def test_each_finds_what_it_is_for(name: str) -> None:
    data, called = BAD[name]
    assert refused(data, called) == [name]


@pytest.mark.parametrize("data", [b"<html><img></html>", b"%PDF-1.7", b"<svg xmlns='x'/>", b"\0" * 50])
def test_what_is_no_picture_is_refused_for_its_type(data: bytes) -> None:
    assert refused(data, "a.jpg") == ["image_type"]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_a_good_picture_passes_all(form: str) -> None:
    assert refused(encoded(draw(1), form), f"x.{form.lower()}") == []


def test_a_white_page_with_one_word_is_not_blank() -> None:
    page = Image.new("RGB", (1000, 1400), (255, 255, 255))
    page.paste((0, 0, 0), (100, 100, 160, 115))
    assert refused(encoded(page)) == []


@pytest.mark.parametrize(
    ("texts", "pictures", "good"),
    [
        (("<image>What is this?",), 1, True),
        (("What is this?", "A cat."), 1, True),
        (("<image><image>Compare.",), 1, False),
        (("<image>Compare.",), 2, False),
        (("<image>What?",), 0, False),
        (("Hello",), 0, True),
        ((None,), 1, True),
        (([{"role": "user", "content": "<image>What?"}],), 1, True),
        (([{"role": "user", "content": "What?"}],), 1, False),
        (([{"from": "human", "value": "<image>A"}, {"from": "gpt", "value": "B <image>"}],), 2, True),
        (([{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What?"}]}],), 1, True),
        (([{"role": "user", "content": [{"type": "text", "text": "What?"}]}],), 1, False),
    ],
)
def test_places_are_counted_against_pictures(texts: tuple, pictures: int, good: bool) -> None:
    assert ("image_markers" not in refused(picture(1), None, texts, pictures)) == good


def test_limits_move() -> None:
    check = parse_check({"image_pixels": {"max": 100}})
    assert isinstance(check, ImageCheck)
    score = check.measure_row([look(BAD["image_pixels"][0])], ())
    assert check.accept(score)
