"""A value of a dataset row as the page shows it."""

import json
from datetime import date, datetime, time
from typing import Any

from factory.look.layout import is_images, lines_of, turns_of

LONGEST_TEXT = 3000  # characters


def cell(value: Any) -> dict[str, Any]:
    """{kind: text|number|chat|images|none, …} for the template, which escapes everything."""
    if value is None:
        return {"kind": "none"}
    if isinstance(value, (bool, int, float)):
        return {"kind": "number", "text": f"{value:.6g}" if isinstance(value, float) else str(value)}
    if isinstance(value, str):
        return {"kind": "text", "text": shorten(value)}
    if is_images(value):
        return {"kind": "images", "images": lines_of(value)}
    if isinstance(value, list) and (turns := turns_of(value)):
        return {"kind": "chat", "turns": [{"role": role, "text": _said(content)} for role, content in turns]}
    return {"kind": "text", "text": shorten(json.dumps(value, ensure_ascii=False, default=_plain, indent=1))}


def shorten(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + " …"


def _said(content: Any) -> str:
    """The text of a message, or of its parts."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict)]
        content = " ".join(str(part.get("text") or f"[{part.get('type')}]") for part in parts)
    return shorten("" if content is None else str(content))


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return f"<{len(value):,} bytes>"
    return value.isoformat() if isinstance(value, (datetime, date, time)) else str(value)
