"""Rows of JSON: lines, an array, or one object that holds them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, TextIO

import orjson

from factory.rows.unreadable import Numbered, Row, Unreadable, not_utf8, unreadable

CHUNK = 1 << 20
_LONG_NUMBER = re.compile(r"[0-9][0-9]{18}")  # may need more than 64 bits; `re` skips to a first set, not to a repeat
BETWEEN = re.compile(r"[\s,]*")  # the elements of an array
HOLDERS = {"data", "rows", "examples", "records", "items", "instances"}  # usual names of a list of rows
TURNS = ({"role", "content"}, {"from", "value"})


def read_json(text: TextIO, form: str) -> Numbered:
    """JSON lines, an array, or (.json only) one object over several lines, told by how the text begins.

    Raises:
        ValueError: an array is torn, or one object holds rows in a way that does not say which.
    """
    number, start = 1, text.readline(CHUNK)
    while start.isspace():
        number, start = number + 1, text.readline(CHUNK)
    if start.lstrip().startswith("["):
        yield from _array(text, start)
        return
    if not start.endswith("\n"):
        start += text.readline()
    if form == "json" and isinstance(_parsed(start), Unreadable):
        whole = start + text.read()
        if not isinstance(row := _parsed(whole), Unreadable):
            yield from _only(number, row, form)
            return
        start, text = "", io.StringIO(whole)
    first = number if start else number - 1
    found = ((place, line) for place, line in enumerate(chain([start], text), first) if line and not line.isspace())
    head = next(found, None)
    second = next(found, None)
    if head is not None and second is None and not isinstance(row := _parsed(head[1]), Unreadable):
        yield from _only(head[0], row, form)
        return
    for place, line in chain(filter(None, (head, second)), found):
        yield place, _parsed(line)


def _only(number: int, row: Row, form: str) -> Numbered:
    """The only object of a file: a row, or what holds all rows."""
    name = _holder(row) or (_refused(row) if form == "json" else None)
    if name is None:
        yield number, row
        return
    for place, value in enumerate(row[name], 1):
        yield place, _row(value, json.dumps(value, ensure_ascii=False))


def _holder(row: Row) -> str | None:
    """The key of the rows, where it is the only key, or the only list and has a usual name."""
    lists = [name for name, value in row.items() if isinstance(value, list)]
    if len(lists) != 1 or not (len(row) == 1 or lists[0] in HOLDERS):
        return None
    return None if _is_conversation(row[lists[0]]) else lists[0]


def _refused(row: Row) -> None:
    """Raises ValueError where an object looks like a table but does not say how."""
    if any(isinstance(value, list) and _is_conversation(value) for value in row.values()):
        return  # one row, whatever tools and images stand beside it
    if lists := [*_tables(row)]:
        names = " and ".join(map(repr, lists))
        raise ValueError(f"one object with lists of objects in {names}: write the rows alone, as a list or as lines")
    values = [*row.values()]
    alike = len(values) > 1 and all(isinstance(value, dict) and value.keys() == values[0].keys() for value in values)
    if alike and not all(map(str.isdigit, values[0])):
        raise ValueError("it holds a row under each key: write the rows alone, as a list or as lines")
    numbered = values and all(isinstance(v, dict) and v and all(map(str.isdigit, v)) for v in values)
    if numbered or (len(values) > 1 and all(isinstance(v, list) and len(v) == len(values[0]) > 1 for v in values)):
        raise ValueError("it holds a table by columns: write it by rows (pandas: orient='records', lines=True)")


def _tables(row: Row, above: str = "") -> Iterator[str]:
    """Where an object holds lists that may be rows: of several, or of one in each of its keys (splits)."""
    splits = len(row) > 1 and all(_is_table(value, 1) for value in row.values())
    for name, value in row.items():
        if _is_table(value, 1 if splits else 2):
            yield above + name
        elif isinstance(value, dict):
            yield from _tables(value, f"{above}{name}.")


def _is_table(value: Any, least: int) -> bool:
    several = isinstance(value, list) and len(value) >= least and all(isinstance(item, dict | list) for item in value)
    return several and not _is_conversation(value)


def _is_conversation(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(item, dict) and any(keys <= item.keys() for keys in TURNS) for item in value)


def _array(text: TextIO, held: str) -> Numbered:
    """Elements of a JSON array one after the other, so that memory does not grow with them."""
    decode = json.JSONDecoder().raw_decode
    place, number, size = held.index("[") + 1, 1, CHUNK
    while True:
        place = BETWEEN.match(held, place).end()  # type: ignore[union-attr]
        if held[place : place + 1] == "]":
            break
        try:
            value, end = decode(held, place)
        except json.JSONDecodeError as error:
            if not error.msg.startswith("Unterminated") and error.pos + 10 < len(held):
                raise
            end = len(held)
        if end < len(held):  # else the element may go on
            yield number, _row(value, held[place:end])
            place, number, size = end, number + 1, CHUNK
            continue
        more = text.read(size)
        if not more:
            raise ValueError("the array is not closed")
        held, place, size = held[place:] + more, 0, 2 * size
    if (held[place + 1 :] + text.read(CHUNK)).strip():
        raise ValueError("there is more after the end of the array")


def _parsed(text: str) -> Row | Unreadable:
    """`orjson` is faster; what it refuses or would round is left to the standard library."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    else:
        if isinstance(value, dict) and {*map(type, value.values())} == {str}:
            return value
        if _LONG_NUMBER.search(text) is None:
            return value if isinstance(value, dict) else _row(value, text)
    try:
        return _row(json.loads(text), text)
    except (ValueError, RecursionError) as error:
        said = f"{error.msg}, character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else str(error)
        return unreadable(text, not_utf8(text) or f"no JSON: {said}")


def _row(value: Any, text: str) -> Row | Unreadable:
    if not isinstance(value, dict | str):
        return unreadable(text, "not a JSON object")
    error = not_utf8(text)
    return unreadable(text, error) if error else value if isinstance(value, dict) else {"text": value}
