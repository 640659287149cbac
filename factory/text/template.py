"""Prompts and templates: ``{name}`` is filled, ``{{name}}`` is a literal ``{name}``, every other brace stays.

Where a template is filled from a row, a name is the path of a column: ``{question}``, ``{translation.en}``,
``{messages[0].content}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = r"[^\W\d][\w.-]*(?:\[-?\d+\][\w.-]*)*"
_PLACEHOLDER = re.compile(rf"\{{\{{({_NAME})\}}\}}|\{{({_NAME})\}}")
_PART = re.compile(r"([^.\[\]]+)|\[(-?\d+)\]")


def placeholders(template: str) -> list[str]:
    """Names in braces, each once, in their order.

    >>> placeholders('{a.b} and {c[0].d}, not {{e}}, not {"json": 1}')
    ['a.b', 'c[0].d']
    """
    return list(dict.fromkeys(match[2] for match in _PLACEHOLDER.finditer(template) if match[2]))


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill every placeholder that `values` names, in one pass: braces inside a value are never filled again.

    >>> fill("Translate: {text}", {"text": "say {text}"})
    'Translate: say {text}'
    """

    def one(match: re.Match[str]) -> str:
        if match[1] is not None:
            return "{" + match[1] + "}"
        return values.get(match[2], match[0])

    return _PLACEHOLDER.sub(one, template)


def with_names(template: str, names: Mapping[str, str]) -> str:
    """The template with other names in its placeholders.

    >>> with_names("{a}, {{a}}, {b}", {"a": "translation.ar"})
    '{translation.ar}, {{a}}, {b}'

    Raises:
        ValueError: a name is in no placeholder, or the new one cannot stand in one.
    """
    for old, new in names.items():
        if old not in placeholders(template):
            raise ValueError(f"{old!r} is not in the prompt, which has: {', '.join(placeholders(template))}")
        if placeholders(f"{{{new}}}") != [new]:
            raise ValueError(f"{new!r} cannot stand in a prompt: rename it with `columns`")

    def one(match: re.Match[str]) -> str:
        return "{" + names.get(match[2], match[2]) + "}" if match[2] is not None else match[0]

    return _PLACEHOLDER.sub(one, template)


def pieces(template: str) -> list[tuple[bool, str]]:
    """The template as (is a placeholder, name or text) in order; what `fill` does, for whole columns at once.

    >>> pieces("Q: {question}!")
    [(False, 'Q: '), (True, 'question'), (False, '!')]
    """
    found: list[tuple[bool, str]] = []
    end = 0
    for match in _PLACEHOLDER.finditer(template):
        before = template[end : match.start()] + ("{" + match[1] + "}" if match[1] is not None else "")
        if before:
            found.append((False, before))
        if match[2] is not None:
            found.append((True, match[2]))
        end = match.end()
    if template[end:]:
        found.append((False, template[end:]))
    return found


def parse_path(path: str) -> list[str | int]:
    """Keys and list indices of a path.

    >>> parse_path("messages[-1].content")
    ['messages', -1, 'content']

    Raises:
        ValueError: not a path.
    """
    parts: list[str | int] = []
    position = 0
    while position < len(path):
        if parts and path[position] == ".":
            position += 1
        match = _PART.match(path, position)
        if match is None:
            raise ValueError(f"not a column path: {path!r}")
        parts.append(match[1] if match[1] is not None else int(match[2]))
        position = match.end()
    if not parts or isinstance(parts[0], int):
        raise ValueError(f"not a column path: {path!r}")
    return parts
