"""Prompts and templates: ``{name}`` is filled, ``{{name}}`` is a literal ``{name}``, every other brace stays.

Where a template is filled from a row, a name is the path of a column: ``{question}``, ``{translation.en}``,
``{messages[0].content}``. A part may depend on a value, as in Jinja: ``{% if input %} … {% else %} … {% endif %}`` is
there where `input` is neither missing nor blank. ``{%-`` and ``-%}`` take the white space beside them away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

_NAME = r"[^\W\d][\w.-]*(?:\[-?\d+\][\w.-]*)*"
_PLACEHOLDER = re.compile(rf"\{{\{{({_NAME})\}}\}}|\{{({_NAME})\}}")
_TAG = re.compile(r"(?:\s*\{%-|\{%)\s*((?:if|elif|else|endif|for|endfor|set|unless)\b[^{}]*?)\s*(?:-%\}\s*|%\})")
_IF = re.compile(rf"if\s+({_NAME})")
_CONDITION = re.compile(rf"(\{{%-?\s*if\s+)({_NAME})")
_PART = re.compile(r"([^.\[\]]+)|\[(-?\d+)\]")


class Name(NamedTuple):
    """A placeholder."""

    path: str


class Choice(NamedTuple):
    """What stands where the value at `path` says something, and what stands elsewhere."""

    path: str
    then: Parts
    otherwise: Parts


Parts = list["str | Name | Choice"]


@lru_cache(maxsize=512)
def parse(template: str) -> Parts:
    """Texts, placeholders and choices in their order.

    >>> parse("{a}!{% if b %} {b}{% endif %}")
    [Name(path='a'), '!', Choice(path='b', then=[' ', Name(path='b')], otherwise=[])]

    Raises:
        ValueError: a tag in ``{% %}`` is not known, or not where it can stand.
    """
    texts = _TAG.split(template)  # text, tag, text, …
    open_parts: list[Parts] = [[]]
    choices: list[Choice] = []
    for number, text in enumerate(texts):
        if number % 2 == 0:
            open_parts[-1] += _plain_parts(text)
        elif match := _IF.fullmatch(text):
            choices.append(Choice(match[1], [], []))
            open_parts[-1].append(choices[-1])
            open_parts.append(choices[-1].then)
        elif text == "else" and choices and open_parts[-1] is choices[-1].then:
            open_parts[-1] = choices[-1].otherwise
        elif text == "endif" and choices:
            choices.pop()
            open_parts.pop()
        else:
            raise ValueError(f"{{% {text} %}}: {_TAGS}")
    if choices:
        raise ValueError(f"{{% if {choices[-1].path} %}} has no {{% endif %}}: {_TAGS}")
    return open_parts[0]


_TAGS = "a part of a template is {% if column %} … {% else %} … {% endif %}"


def _plain_parts(text: str) -> Parts:
    found: Parts = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        before = text[end : match.start()] + ("{" + match[1] + "}" if match[1] is not None else "")
        found += [before] if before else []
        found += [Name(match[2])] if match[2] is not None else []
        end = match.end()
    return [*found, text[end:]] if text[end:] else found


def _flat(parts: Parts) -> Iterator[str | Name]:
    """All of a template, whatever the values."""
    for part in parts:
        if isinstance(part, Choice):
            yield Name(part.path)
            yield from _flat([*part.then, *part.otherwise])
        else:
            yield part


def _chosen(parts: Parts, values: Mapping[str, Any]) -> Iterator[str | Name]:
    """What stands there with these values."""
    for part in parts:
        if isinstance(part, Choice):
            value = values.get(part.path)
            yield from _chosen(part.then if isinstance(value, str) and value.strip() else part.otherwise, values)
        else:
            yield part


def placeholders(template: str) -> list[str]:
    """Names that the template reads, each once, in their order.

    >>> placeholders('{a.b} and {c[0].d}, not {{e}}, not {"json": 1}, {% if f %}{g}{% endif %}')
    ['a.b', 'c[0].d', 'f', 'g']
    """
    return list(dict.fromkeys(part.path for part in _flat(parse(template)) if isinstance(part, Name)))


def needed(template: str, values: Mapping[str, Any]) -> list[str]:
    """Names that must have a value for the template to be filled: those of parts that do not stand there need none.

    >>> needed("{a}{% if b %}{b}{% endif %}", {"a": "x", "b": " "})
    ['a']
    """
    return [part.path for part in _chosen(parse(template), values) if isinstance(part, Name)]


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill every placeholder that `values` names, in one pass: braces inside a value are never filled again.

    >>> fill("Translate: {text}", {"text": "say {text}"})
    'Translate: say {text}'
    >>> fill("{a}{% if b %}, {b}{% endif %}.", {"a": "Sort", "b": ""})
    'Sort.'
    """
    return "".join(
        part if isinstance(part, str) else values.get(part.path, f"{{{part.path}}}")
        for part in _chosen(parse(template), values)
    )


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

    template = _CONDITION.sub(lambda match: match[1] + names.get(match[2], match[2]), template)
    return _PLACEHOLDER.sub(one, template)


def pieces(template: str) -> list[tuple[bool, str]]:
    """All of the template as (is a placeholder, name or text) in order, whatever the values.

    >>> pieces("Q: {question}!")
    [(False, 'Q: '), (True, 'question'), (False, '!')]
    """
    return [(isinstance(part, Name), part.path if isinstance(part, Name) else part) for part in _flat(parse(template))]


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
