"""Tables of texts as HTML that shows them and does nothing.

What the interface says in them stands there in each of its languages, of which the page shows one: gradio loses what
is sent to an HTML element of a tab that nobody has opened yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from words import LANGUAGES, say


def table(label: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, texts: bool = False) -> str:
    """The rows in a box of their own; `columns` and `label` are HTML.

    `texts` stand on the side where their letters begin, names and numbers where the interface begins.
    """
    start, end = ('<td dir="auto">', "</td>") if texts else ("<td><bdi>", "</bdi></td>")
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    lines = ["".join(f"{start}{plain(text)}{end}" for text in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    inside = f'<table dir=""><caption>{label}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="rows" tabindex="0" role="group">{inside}</div>'


def told(key: str, **values: Any) -> str:
    """The text of `key` as HTML in every language of the interface."""
    texts = [(code, plain(say(key, code, **values))) for code in LANGUAGES.values()]
    return "".join(f'<span lang="{code}">{text}</span>' for code, text in texts)


def plain(text: str) -> str:
    """The text as HTML that shows it and does nothing, in gradio's templates neither."""
    return escape(text).replace("{", "&#123;").replace("$", "&#36;")
