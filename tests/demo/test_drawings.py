"""Drawings say what is asked about them; what is held out is in no lesson."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from factory.demo import drawings, drawn_words
from factory.demo.catalogue import iter_rows
from factory.demo.drawings import CELL, INKS, PAPER, TOPICS, asked, drawing


def opened(row) -> Image.Image:
    return Image.open(BytesIO(row["bytes"])).convert("RGB")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.booleans(), st.booleans())
def test_a_drawing_shows_what_its_answers_say(seed: int, held_out: bool, knife: bool) -> None:
    rng = Random(seed)
    made = drawing(rng, held_out=held_out, knife=knife)
    assert made.held_out == held_out and (made.knife is not None) == knife
    image = opened(drawings.picture(made))
    inked = [cell for cell in range(9) if INKS[made.colour] in dict.fromkeys(image.crop(_box(cell)).getdata())]
    assert tuple(inked) == made.cells
    blades = [cell for cell in range(9) if drawings.BLADE in dict.fromkeys(image.crop(_box(cell)).getdata())]
    assert blades == ([] if made.knife is None else [made.knife])
    said = {topic: asked(rng, made, topic).answer for topic in TOPICS}
    assert said["colour"][0] == made.colour and made.colour in said["caption"][0]
    assert drawings.SHAPES[made.shape].en in said["shape"][0]
    assert ["one", "two", "three", "four", "five", "six"].index(said["count"][0]) + 1 == len(made.cells)


def _box(cell: int) -> tuple[int, int, int, int]:
    row, column = divmod(cell, 3)
    return CELL * column, CELL * row, CELL * (column + 1), CELL * (row + 1)


def test_no_lesson_holds_a_test_drawing() -> None:
    tests = {row["image"]["path"] for row in iter_rows("drawings_test_ar", 400, 0)}
    lessons = {row["image"]["path"] for row in iter_rows("drawings", 4000, 0)}
    assert len(tests) > 300 and not tests & lessons


def test_topics_take_turns() -> None:
    topics = Counter(row["topic"] for row in iter_rows("drawings_test_en", 400, 0))
    assert topics == dict.fromkeys(TOPICS, 100)


def test_words_are_drawn_in_the_middle_and_the_unseen_face_is_in_no_lesson() -> None:
    faces = set()
    for index in range(60):
        made = drawn_words.drawn_word(Random(index))
        faces.add(made.face)
        image = opened(drawn_words.picture(made)).convert("L").point(lambda level: 255 - level)
        left, top, right, bottom = image.getbbox()
        assert left > 0 and top > 0 and right < drawn_words.WIDTH and bottom < drawn_words.HEIGHT
    assert drawn_words.UNSEEN not in faces and len(faces) == len(drawn_words.FACES)
    assert len(set(drawn_words.known_words())) == drawn_words.KNOWN_WORDS


def test_without_the_fonts_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from factory.errors import FactoryError

    drawn_words._font.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "fontpkg_amiri", None)
    with pytest.raises(FactoryError, match="fonts"):
        drawn_words.picture(drawn_words.DrawnWord("قطة", drawn_words.FACES[0], 24, (0, 0)))


def test_the_paper_is_white() -> None:
    assert opened(drawings.picture(drawing(Random(0)))).getpixel((0, 0)) in {PAPER, *INKS.values()}
