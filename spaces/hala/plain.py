"""What visitors and models write, as Markdown that holds no HTML and loads no picture; code stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable

from factory.text.code_spans import code_spans

_FENCED = re.compile(r"(^[ \t>]*(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z))", re.M | re.S)
_OPENS = r"<(?=[A-Za-z/!?])|!(?=\[)"  # a tag, a comment, a picture
_LIVE = re.compile(rf"(?<!\\)((?:\\\\)*)({_OPENS})")
_ESCAPED = re.compile(r"\\(<(?=[A-Za-z/?]|\\?!)|!(?=\[))")  # what `<` opens may be escaped itself: <![


def shown(text: str) -> str:
    r"""The text as it is handed to the page.

    >>> shown("a <b> and `<b>`")
    'a \\<b> and `<b>`'
    """
    return _outside_code(text, lambda part: _LIVE.sub(r"\1\\\2", part))


def meant(text: str) -> str:
    r"""The text that `shown` made this of.

    >>> meant(shown("a <b> and `<b>`"))
    'a <b> and `<b>`'
    """
    return _outside_code(text, lambda part: _ESCAPED.sub(r"\1", part))


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    done: list[str] = []
    position = 0
    for start, end in _code(text):
        done += [change(text[position:start]), text[start:end]]
        position = end
    return "".join([*done, change(text[position:])])


def _code(text: str) -> list[tuple[int, int]]:
    """(start, end) of fenced code, and of code spans between."""
    found: list[tuple[int, int]] = []
    position = 0
    for match in [*_FENCED.finditer(text), None]:
        start, end = match.span() if match else (len(text), len(text))
        found += [(position + first, position + last) for first, last in code_spans(text[position:start])]
        if match:
            found.append((start, end))
        position = end
    return found
