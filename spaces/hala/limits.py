"""What one visitor may ask for, and how many are served at once."""

from __future__ import annotations

from typing import Any

from refused import Refused

CHARACTERS = 20_000  # of one text
COMMENT = 1_000  # characters of a rater's note on a row
NAME = 80  # characters of a rater's name
NEW_TOKENS = 2_048
TURNS = 41  # messages of a conversation that a model still sees: odd, so that the first one is the visitor's
PICTURES = 4  # of one conversation
PICTURE_BYTES = 10_000_000
WAITING = 64  # visitors in the queue
MODEL: dict[str, Any] = {"concurrency_limit": 4, "concurrency_id": "model"}
"""Of an event that asks a model: all such events share four places."""


def check_text(text: str) -> None:
    """Raises:
    Refused: the text is longer than `CHARACTERS`.
    """
    if len(text) > CHARACTERS:
        raise Refused("too_many_characters", limit=CHARACTERS)
