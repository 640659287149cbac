"""Prompts and templates: ``{name}`` is filled, ``{{name}}`` is a literal ``{name}``, every other brace stays."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = r"[^\W\d][\w.-]*(?:\[-?\d+\][\w.-]*)*"
_PLACEHOLDER = re.compile(rf"\{{\{{({_NAME})\}}\}}|\{{({_NAME})\}}")


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
