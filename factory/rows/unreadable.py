"""A row as it is read, and what stands for one, or for a picture of one, that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SHOWN = 1_000  # characters of a row that cannot be read
UTF_16 = ("\udcff\udcfe", "\udcfe\udcff")  # how its byte order mark is decoded


@dataclass(frozen=True)
class Unreadable:
    """Stands for a row that could not be read: what was there, why, and what to do."""

    text: str
    error: str
    fix: str = "mend the row or take it out"


class Refused(ValueError):
    """Why a picture that a row names is not to be had, in words that hold nothing of its name or address."""


Row = dict[str, Any]
Numbered = Iterator[tuple[int, Row | Unreadable]]
"""(line, or number where lines mean nothing, from 1; what is there)."""


def unreadable(text: str, error: str) -> Unreadable:
    """For text that was decoded with ``surrogateescape``."""
    shown = text.rstrip("\r\n")[:SHOWN].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Unreadable(shown, error)


def not_utf8(*lines: str) -> str:
    """What is wrong with text that was decoded with ``surrogateescape``, "" for nothing."""
    for line in lines:
        if not line.isascii():
            try:
                line.encode()
            except UnicodeEncodeError as error:
                if line.startswith(UTF_16):
                    return "this is UTF-16, not UTF-8: save it as UTF-8"
                return f"not UTF-8: byte 0x{ord(line[error.start]) - 0xDC00:02x} at character {error.start + 1}"
    return ""
