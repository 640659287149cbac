"""Tiny models with something to say, and the Space laid out around them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from factory.publishing.bundle import bundle
from factory.publishing.space import APP_FILES
from factory.resources import resource
from tests.support import CHAT, chain_model

ARABIC = [
    *("أهلًا ", "بك! ", "هذه ", "فقرة ", "عربية ", "فيها ", '`print("Hello")` ', "وكلمة ", "Python", ".\n\n"),
    *("- بند أول\n", "- بند ثانٍ\n\n", "```python\n", "def f(x):\n", "    return x", " + 1\n```\n\n"),
    *("<b onclick=alert(1)>", "bold", "</b> ", "![x](http://example.com/x.png) ", "تم."),
]
"""Prose from right to left with code in it, a list, a block of code, and what must not become HTML."""


def speaking_model(folder: Path, words: Sequence[str], endless: bool = False) -> str:
    """A model whose answer to anything is `words`, all different, one token each, once or without end: its folder."""
    chain = {">": words[0], **dict(zip(words, [*words[1:], words[0] if endless else ""], strict=True))}
    return str(chain_model(folder, chain, CHAT, words=words).folder / "model")


def lay_out(folder: Path, models: Sequence[dict[str, Any]], **more: Any) -> Path:
    """The app in `folder` with these models in its space.json."""
    app = resource("spaces") / "hala"
    files = {
        path.relative_to(app).as_posix(): path.read_bytes()
        for pattern in APP_FILES
        for path in app.rglob(pattern)
        if "__pycache__" not in path.parts
    }
    config = {
        "title": "Hala in miniature",
        "description": "Small models that show the way.",
        "language": {"source": "en", "target": "ar"},
        "languages": {
            "en": {"en": "English", "ar": "الإنجليزية", "rtl": False},
            "ar": {"en": "Arabic", "ar": "العربية", "rtl": True},
        },
        "models": models,
        "board": [],
        **more,
    }
    files |= {**bundle(files), "space.json": json.dumps(config).encode()}
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
