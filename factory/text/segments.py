"""Cutting a text into pieces that can be worked on alone and put together again."""

from __future__ import annotations

import re

_BLANK_LINES = re.compile(r"(\s*\n[^\S\n]*\n\s*)")
_LETTER = re.compile(r"[^\W\d_]")


def has_letters(text: str) -> bool:
    """Is there anything in it that a translation could change?"""
    return _LETTER.search(text) is not None


def paragraphs(text: str) -> list[str]:
    """Paragraphs and the blank lines between them, in turn: joined, they are the text again.

    >>> paragraphs("a\\n\\nb")
    ['a', '\\n\\n', 'b']
    """
    return _BLANK_LINES.split(text)
