from __future__ import annotations

import pytest
from PIL import Image

from factory.images.hashing import BITS, perceptual_hash
from tests.drawing import draw, encoded


def likeness(one: bytes, other: bytes) -> float:
    return float((perceptual_hash(one) == perceptual_hash(other)).mean())


def test_copies_look_the_same_and_others_do_not() -> None:
    original = draw(1, (160, 120))
    data = encoded(original)
    assert perceptual_hash(data).shape == (BITS,)
    assert likeness(data, encoded(original, "JPEG", quality=50)) > 0.9
    assert likeness(data, encoded(original.resize((80, 60)))) > 0.9
    assert max(likeness(data, encoded(draw(seed, (160, 120)))) for seed in range(2, 20)) < 0.85


def test_what_cannot_be_decoded_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot be decoded"):
        perceptual_hash(b"words")
    with pytest.raises(ValueError, match="9000 x 9000 pixels are more than 40,000,000"):
        perceptual_hash(encoded(Image.new("1", (9000, 9000))))
