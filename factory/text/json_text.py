"""JSON inside text: where a document ends, and its string values replaced with everything else as it was."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Sequence
from json import decoder
from typing import Any, NamedTuple

import orjson

_DECODE = json.JSONDecoder().raw_decode
_STRING = decoder.scanstring  # type: ignore[attr-defined]  # (text, after the quote) -> value, end
_LINE = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
HALF = re.compile("[\ud800-\udfff]")
_DEEP = 16_000  # characters that a document too deep to parse is reckoned to have cost
_TOKEN = re.compile(r'"|[{}\[\]:,]')
_OPENS = re.compile(r'\{\s*+["}]|\[\s*+[\[{"]')


class JsonFinder:
    """Finds documents in one text. What failed attempts may read is limited, so that any text takes linear time."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._budget = 16 * len(text) + 16384

    def end(self, start: int) -> int | None:
        """The end of the object or the array of strings, objects or arrays that begins at `start`, or None.

        >>> JsonFinder('see {"a": [1]}.').end(4)
        14
        """
        if self._budget <= 0 or _OPENS.match(self._text, start) is None:
            return None
        try:
            return _DECODE(self._text, start)[1]
        except json.JSONDecodeError as error:
            line_end = self._text.find("\n", error.pos)
            read = (len(self._text) if line_end < 0 else line_end) - start
            self._budget -= 64 + read + error.pos // 100  # the error counts the lines before it
        except (RecursionError, ValueError):  # too deep; a number of thousands of digits
            self._budget -= _DEEP
        return None


class JsonString(NamedTuple):
    """A string value of a document: its place (quotes included), its value, the key it stands under."""

    start: int
    end: int
    value: str
    key: str


def is_json(text: str) -> bool:
    """Is the whole text one JSON object or array?

    >>> is_json(' {"a": 1} '), is_json("12"), is_json("{a}")
    (True, False, False)
    """
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (RecursionError, ValueError):
        return False
    return True


def json_strings(document: str, keys: Collection[str]) -> list[JsonString]:
    """The string values under any of `keys`, at any depth, those in arrays included, in their order.

    >>> [found.value for found in json_strings('{"a": "x", "b": {"a": ["y", {"c": "z"}]}}', {"a"})]
    ['x', 'y']
    """
    found: list[JsonString] = []
    stack: list[tuple[bool, str]] = []  # (is an object, the key it stands under)
    key, expect_key, position = "", False, 0
    while match := _TOKEN.search(document, position):
        token, position = match[0], match.end()
        if token == '"':
            value, position = _STRING(document, position)
            if expect_key:
                key, expect_key = value, False
            elif key in keys:
                found.append(JsonString(match.start(), position, value, key))
        elif token in "{[":
            stack.append((token == "{", key))
            expect_key = token == "{"
        elif token in "}]":
            key, expect_key = stack.pop()[1] if stack else "", False
        elif token == "," and stack:
            expect_key, outer = stack[-1]
            key = key if expect_key else outer
    return found


def with_json_strings(document: str, strings: Sequence[JsonString], values: Sequence[str]) -> str:
    """The document with the strings that `json_strings` found replaced; spacing, key order and escapes stay.

    >>> with_json_strings('{"a" :  "x"}', json_strings('{"a" :  "x"}', {"a"}), ["س"])
    '{"a" :  "س"}'
    """
    pieces: list[str] = []
    end = 0
    for string, value in zip(strings, values, strict=True):
        literal = document[string.start : string.end]
        pieces += document[end : string.start], literal if value == string.value else dumps(value)
        end = string.end
    return "".join([*pieces, document[end:]])


def dumps(value: Any) -> str:
    """A value as JSON in one line that every reader takes: half of a surrogate pair is escaped, numbers that are none
    (NaN) or infinite are null.

    >>> dumps({"a": "س", "b": float("nan")})
    '{"a": "س", "b": null}'
    """
    try:
        text = json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)
    except ValueError:
        return dumps(_finite(value))
    return json.dumps(value, default=str) if HALF.search(text) else text


def json_line(value: Any) -> bytes:
    """The same as a line of a file, many times as fast; without spaces between.

    >>> json_line({"a": "س", "b": float("nan")}).decode()
    '{"a":"س","b":null}\\n'
    """
    try:
        return orjson.dumps(value, str, _LINE)
    except TypeError:  # it knows no halves of characters and no numbers beyond 64 bits
        return (dumps(value) + "\n").encode()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
