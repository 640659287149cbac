"""The direction a text is read in, by its letters and not by its first one."""

from __future__ import annotations

import unicodedata

LOOKED_AT = 2000  # characters


def right_to_left(text: str) -> bool:
    """Whether most letters of `text` are Arabic, Hebrew or of another script written from the right.

    >>> right_to_left("Python لغة برمجة"), right_to_left("Python"), right_to_left("")
    (True, False, False)
    """
    directions = [unicodedata.bidirectional(character) for character in text[:LOOKED_AT]]
    right = sum(direction in ("R", "AL") for direction in directions)
    return right > sum(direction == "L" for direction in directions)
