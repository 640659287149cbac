"""JSON that others wrote: what is read of it is bounded in values, depth and numbers, and can be written again."""

from __future__ import annotations

import json
import math
import re
from typing import Any

DEEPEST = 100  # levels, as of YAML
MOST = 200_000  # values of one document
LARGEST = 2**63  # what integers are below, as in the database
STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


def json_of(data: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is no JSON, has more than `MOST` values, or is nested deeper than `DEEPEST` levels.
    """
    if _values(data) > MOST and _values(STRING.sub(b"", data)) > MOST:
        raise ValueError(f"more than {MOST:,} values")
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError(f"nested deeper than {DEEPEST} levels") from None


def _values(data: bytes) -> int:
    """At least the number of values in a JSON text, before any is made."""
    return sum(data.count(sign) for sign in (b",", b"[", b"{"))


def plain(value: Any, depth: int = 0) -> Any:
    """Values that JSON and the database can hold: a number that is none, infinite or beyond 64 bits is null, half of a
    surrogate pair is a replacement character.

    Raises:
        ValueError: they are nested deeper than `DEEPEST` levels.
    """
    if depth > DEEPEST:
        raise ValueError(f"nested deeper than {DEEPEST} levels")
    if isinstance(value, dict):
        return {_text(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not -LARGEST <= value < LARGEST:
        return None
    return value


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def sent(data: bytes) -> Any:
    """The JSON value of a request, which must be plain.

    Raises:
        ValueError: as `json_of`, or it holds what `plain` would change.
    """
    value = json_of(data)
    if plain(value) != value:
        raise ValueError("a number is no number, infinite or beyond 64 bits, or a text holds half a surrogate pair")
    return value
