"""The turns of a conversation: as the page holds them, as a box holds them, as models take them."""

from __future__ import annotations

from typing import Any

from plain import meant, shown

Turns = list[dict[str, Any]]


def turn(words: dict[str, Any]) -> Turns:
    """The page's messages for what a visitor sends, ``{text, files}``: pictures, then the text."""
    files = [{"role": "user", "content": {"path": path}} for path in words["files"]]
    text = words["text"].strip()
    return [*files, *([{"role": "user", "content": shown(text)}] if text else [])]


def words(turn: Turns) -> dict[str, Any]:
    """What was sent, ``{text, files}``: the inverse of `turn`."""
    parts = [part for message in read(turn) for part in message["content"]]
    return {
        "text": "".join(part["text"] for part in parts if part["type"] == "text"),
        "files": [part["path"] for part in parts if part["type"] == "image"],
    }


def start(history: Turns, index: int) -> int:
    """Where the visitor's turn begins that the message at `index` belongs to."""
    while index and history[index - 1]["role"] == "user":
        index -= 1
    return index


def read(turns: Turns) -> Turns:
    """The page's messages with neighbours of one role as one, each content a list of parts.

    A part is ``{type: text, text}`` or ``{type: image, path}``.
    """
    found: Turns = []
    for message in turns:
        content = message["content"]
        parts = [_part(part) for part in (content if isinstance(content, list) else [content])]
        if found and found[-1]["role"] == message["role"]:
            found[-1]["content"] += parts
        else:
            found.append({"role": message["role"], "content": parts})
    return found


def text_only(turns: Turns) -> Turns:
    """The same for models that read text alone: each content a string."""
    return [{**each, "content": "".join(part.get("text", "") for part in each["content"])} for each in turns]


def _part(part: Any) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": meant(part)}
    if part.get("type") == "text":
        return {"type": "text", "text": meant(part["text"])}
    return {"type": "image", "path": (part.get("file") or part)["path"]}
