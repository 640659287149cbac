from __future__ import annotations

import pytest
from PIL import Image

from factory.images.facts import look
from factory.images.thumbnails import SIDE, thumbnail
from tests.drawing import draw, encoded


def test_a_thumbnail_is_small_and_made_anew() -> None:
    data = encoded(draw(1, (900, 300))) + b"<script>alert(1)</script>"
    facts = look(small := thumbnail(data))
    assert (facts.kind, facts.width, facts.height) == ("webp", SIDE, SIDE // 3)
    assert b"script" not in small


@pytest.mark.parametrize("data", [b"", b"<svg/>", encoded(Image.new("1", (9000, 9000))), encoded(draw(1))[:60]])
def test_what_cannot_be_seen_has_none(data: bytes) -> None:
    with pytest.raises(ValueError):
        thumbnail(data)
