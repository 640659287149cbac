"""YAML 1.2, core schema, with the place of every value: `on` and `no` stay text, 1e-5 is a number, dates are text."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

DEEPEST = 100
MOST = 100_000
LONGEST_NUMBER = 400

NULL = re.compile(r"(~|null|Null|NULL|)\Z")
BOOL = re.compile(r"(true|True|TRUE|false|False|FALSE)\Z")
INT = re.compile(r"[-+]?[0-9][0-9_]*\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")

Location = tuple[str | int, ...]
Mark = tuple[int, int]
"""Line and column, from 1."""


@dataclass
class Parsed:
    """What a text says: plain dicts with text keys, lists and scalars.

    Attributes:
        places: where each value stands (its key, in a mapping), by its path from the top.
        mistakes: every one of them; after a mistake of syntax `value` is what stood before it.
    """

    value: Any = None
    places: dict[Location, Mark] = field(default_factory=dict)
    mistakes: list[tuple[Mark, str]] = field(default_factory=list)


def load(text: str) -> Any:
    """The value of a text.

    Raises:
        ValueError: with line and column of the first mistake.
    """
    parsed = parse(text)
    if parsed.mistakes:
        (line, column), message = min(parsed.mistakes)
        raise ValueError(f"line {line}, column {column}: {message}")
    return parsed.value


def parse(text: str) -> Parsed:
    """Read a text of one document; nothing is raised, whatever it holds."""
    import yaml

    reader = _Reader(text)
    parsed = reader.parsed
    try:
        reader.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        parsed.mistakes.append((_mark(mark) if mark else (1, 1), error.problem or error.context or "not valid YAML"))
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        at = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        parsed.mistakes.append((at, f"the character U+{error.character:04X} is not allowed in YAML"))
    except _Refused as error:
        parsed.mistakes.append(error.args)  # type: ignore[arg-type]
    return parsed


class _Refused(Exception):
    """(mark, message): reading cannot go on after this."""


class _Reader:
    """Builds values from the parser's events, so that each is judged where its place is known."""

    def __init__(self, text: str) -> None:
        import yaml

        self.yaml = yaml
        self.parsed = Parsed()
        self.events: Iterator[Any] = yaml.parse(text, Loader=yaml.SafeLoader)
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.read = 0  # values so far, those that aliases repeat included

    def document(self) -> None:
        for event in self.events:
            if isinstance(event, self.yaml.DocumentStartEvent):
                if self.read:
                    raise _Refused(_mark(event.start_mark), "a second document begins here: one is expected")
                self.parsed.value = self.value(next(self.events), ())

    def value(self, event: Any, at: Location) -> Any:
        mark = _mark(event.start_mark)
        if isinstance(event, self.yaml.AliasEvent):
            return self.alias(event.anchor, mark)
        first = self.read
        self.count(1, mark)
        if len(at) > DEEPEST:
            raise _Refused(mark, f"nested deeper than {DEEPEST} levels")
        scalar = isinstance(event, self.yaml.ScalarEvent)
        if event.tag not in ((None, "!", "tag:yaml.org,2002:str") if scalar else (None, "!")):
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.mistake(mark, f"the tag {_short(tag)} is not read here: write the value without it")
        if scalar:
            value = self.scalar(event, mark)
        elif isinstance(event, self.yaml.SequenceStartEvent):
            value = self.items(at)
        else:
            value = self.mapping(at)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, self.read - first)
        return value

    def alias(self, name: str, mark: Mark) -> Any:
        if name not in self.anchors:
            self.mistake(mark, f"no anchor &{_short(name)} before this alias")
            return None
        value, size = self.anchors[name]
        self.count(size, mark)
        return copy.deepcopy(value)

    def count(self, values: int, mark: Mark) -> None:
        self.read += values
        if self.read > MOST:
            raise _Refused(mark, f"more than {MOST:,} values, aliases written out")

    def scalar(self, event: Any, mark: Mark) -> Any:
        text = event.value
        if not _encodes(text):
            self.mistake(mark, "half of a surrogate pair (\\uD800 to \\uDFFF) is no text")
            return ""
        if not event.implicit[0]:  # quoted, or a block, or tagged as text
            return text
        if len(text) > LONGEST_NUMBER and (INT.match(text) or FLOAT.match(text)):
            self.mistake(mark, f"a number of {len(text):,} characters is not read")
            return 0
        return _resolved(text)

    def items(self, at: Location) -> list[Any]:
        result: list[Any] = []
        for event in self.events:
            if isinstance(event, self.yaml.SequenceEndEvent):
                break
            here = (*at, len(result))
            self.parsed.places.setdefault(here, _mark(event.start_mark))
            result.append(self.value(event, here))
        return result

    def mapping(self, at: Location) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for event in self.events:
            if isinstance(event, self.yaml.MappingEndEvent):
                break
            mark = _mark(event.start_mark)
            key = self.value(event, (*at, ""))
            if not isinstance(event, self.yaml.ScalarEvent):
                self.mistake(mark, "a key is plain text, not an alias, a list or a mapping")
                self.value(next(self.events), (*at, ""))
                continue
            name = event.value if _encodes(event.value) else key
            here = (*at, name)
            if name in result:
                first = self.parsed.places[here]
                self.mistake(mark, f"the key {_short(name)!r} is already given in line {first[0]}")
            self.parsed.places.setdefault(here, mark)
            value = self.value(next(self.events), here)
            if name == "<<" and event.implicit[0]:
                self.merge(merged, value, mark)
            else:
                result.setdefault(name, value)
        return {**merged, **result}

    def merge(self, merged: dict[str, Any], value: Any, mark: Mark) -> None:
        """`<<: *base`: the keys of one mapping or several; what the mapping itself says wins, then the first."""
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                merged.update({key: item for key, item in part.items() if key not in merged})
            else:
                self.mistake(mark, "`<<` takes a mapping, or a list of them")

    def mistake(self, mark: Mark, message: str) -> None:
        self.parsed.mistakes.append((mark, message))


def _resolved(text: str) -> Any:
    """A plain scalar by the core schema (YAML 1.2.2, section 10.3.2), with `_` allowed between digits."""
    if NULL.match(text):
        return None
    if BOOL.match(text):
        return text[0] in "tT"
    if INT.match(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if FLOAT.match(text):
        return float(text)
    if SPECIAL.match(text):
        return float(text.replace(".", ""))
    return text


def _mark(mark: Any) -> Mark:
    return mark.line + 1, mark.column + 1


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"
