"""Digests of values: the same content gives the same bytes, on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

SIZE = 16


def digest(values: Sequence[Any], salt: str = "") -> bytes:
    """16 bytes (BLAKE2b) of a row's values: text, numbers, None, bytes, and lists and dicts of them.

    >>> digest(["a", "b"]) == digest(["ab", ""])
    False
    """
    content = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_other)
    return hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=SIZE, key=salt.encode()[:64]).digest()


def _other(value: Any) -> str:
    if isinstance(value, bytes):
        return hashlib.blake2b(value, digest_size=SIZE).hexdigest()
    return str(value)
