"""A value of a dataset row as the page shows it."""

import base64
import json
from datetime import date, datetime, time
from typing import Any

from factory.look.layout import turns_of

LONGEST_TEXT = 3000  # characters
LARGEST_IMAGE = 2 << 20  # bytes
MAGIC = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}


def cell(value: Any) -> dict[str, Any]:
    """{kind: text|number|chat|image|none, …} for the template, which escapes everything."""
    if value is None:
        return {"kind": "none"}
    if isinstance(value, (bool, int, float)):
        return {"kind": "number", "text": f"{value:.6g}" if isinstance(value, float) else str(value)}
    if isinstance(value, str):
        return {"kind": "text", "text": shorten(value)}
    if isinstance(value, dict) and isinstance(value.get("bytes"), bytes):
        return _image(value["bytes"])
    if isinstance(value, bytes):
        return _image(value)
    if isinstance(value, list):
        if turns := turns_of(value):
            return {"kind": "chat", "turns": [{"role": role, "text": _said(content)} for role, content in turns]}
        pictures = [cell(item) for item in value if isinstance(item, dict) and isinstance(item.get("bytes"), bytes)]
        if pictures and len(pictures) == len(value):
            return {"kind": "several", "cells": pictures[:4]}
    return {"kind": "text", "text": shorten(json.dumps(value, ensure_ascii=False, default=_plain, indent=1))}


def shorten(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + " …"


def _said(content: Any) -> str:
    """The text of a message, or of its parts."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict)]
        content = " ".join(str(part.get("text") or f"[{part.get('type')}]") for part in parts)
    return shorten("" if content is None else str(content))


def _image(data: bytes) -> dict[str, Any]:
    media = next((media for magic, media in MAGIC.items() if data.startswith(magic)), None)
    if media is None or len(data) > LARGEST_IMAGE:
        return {"kind": "text", "text": f"{len(data):,} bytes"}
    return {"kind": "image", "src": f"data:{media};base64,{base64.b64encode(data).decode()}"}


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return f"<{len(value):,} bytes>"
    return value.isoformat() if isinstance(value, (datetime, date, time)) else str(value)
