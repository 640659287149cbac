"""Fixed strings looked for in many texts at once, and the strings that a regular expression cannot match without."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from factory.text.column import Texts

MOST = 24  # strings that stand for a part of a pattern


class Phrases:
    """Groups of strings, at most 63, that are all looked for in one pass (Aho-Corasick).

    Of strings in small letters, `any_case` finds those in capitals of ASCII as well.

    >>> Phrases({"fruit": ["apple", "pear"], "tool": ["saw"]}).found(["a pear", "", "saw apples"], "fruit").tolist()
    [True, False, True]
    """

    def __init__(self, groups: Mapping[str, Collection[str]], any_case: bool = False) -> None:
        import numpy as np
        from ahocorasick_rs import BytesAhoCorasick, Implementation

        self._bits = {name: 1 << number for number, name in enumerate(groups)}
        bits: dict[str, int] = {}
        for name, strings in groups.items():
            for string in strings:
                bits[string] = bits.get(string, 0) | self._bits[name]
        self._strings = list(bits)
        self._values = np.array(list(bits.values()), np.int64)
        self._any_case = any_case
        encoded = (string.encode("utf-8", "surrogatepass") for string in self._strings)
        self._automaton = BytesAhoCorasick(encoded, implementation=Implementation.DFA)

    def groups(self, texts: Sequence[str]) -> Any:
        """For each text, the groups of which it holds a string, a bit for each."""
        import numpy as np

        found = np.zeros(len(texts), dtype=np.int64)
        texts = Texts.of(texts)
        joined, ends = texts.encoded
        if self._any_case:  # ten times faster than `str.lower`, which is left to what becomes ASCII
            joined = joined.lower()
            if "İ" in texts.joined or "\u212a" in texts.joined:
                joined, ends = Texts(list(map(str.lower, texts))).encoded
        matches = self._automaton.find_matches_as_indexes(joined, overlapping=True)
        if matches:
            numbers, starts, _ = zip(*matches, strict=True)
            rows = np.searchsorted(ends, starts, side="right")
            np.bitwise_or.at(found, rows, self._values[list(numbers)])
        return found

    def strings(self, text: str) -> set[str]:
        """The strings that one text holds.

        >>> sorted(Phrases({"fruit": ["apple", "pear"]}).strings("apples and pears"))
        ['apple', 'pear']
        """
        found = self._automaton.find_matches_as_indexes(text.encode("utf-8", "surrogatepass"), overlapping=True)
        return {self._strings[number] for number, _, _ in found}

    def has(self, groups: Any, *names: str) -> Any:
        """Of what `groups` returned: which texts hold a string of any of the groups named."""
        return (groups & sum(self._bits[name] for name in names)) != 0

    def found(self, texts: Sequence[str], *names: str) -> Any:
        return self.has(self.groups(texts), *names)


def required(*patterns: str) -> frozenset[str]:
    """Strings in small letters of which every text that one of the patterns matches holds one, case apart.

    Read off the parsed pattern: of what must come one after the other the longest is taken, of alternatives all.
    Characters that become ASCII only where case is ignored (K for Kelvin) are left to the caller.

    >>> sorted(required(r"\\b(?:cat|dogs?) (?:is|are)\\b.{0,3}", "x?bird"))
    ['bird', 'cat are', 'cat is', 'dog are', 'dog is', 'dogs are', 'dogs is']

    Raises:
        ValueError: a pattern matches without any fixed string.
    """
    found: set[str] = set()
    for pattern in patterns:
        strings = _required(list(re._parser.parse(pattern)))  # type: ignore[attr-defined]
        if strings is None:
            raise ValueError(f"nothing fixed in {pattern!r}")
        found |= strings
    return frozenset(string for string in found if not any(other in string for other in found - {string}))


def _required(items: Sequence[tuple[Any, Any]]) -> set[str] | None:
    """The best set for a sequence of parsed parts: the one whose shortest string is longest."""
    choices: list[set[str]] = []
    run = {""}
    for operation, argument in [*items, (None, None)]:
        strings = _all_of(str(operation), argument)
        if strings is not None and len(run) * len(strings) <= MOST:
            run = {before + after for before in run for after in strings}
            continue
        choices.append(run)
        choices.append(strings or _required_of(str(operation), argument) or {""})
        run = {""}
    best = max(choices, key=lambda strings: (min(map(len, strings)), -len(strings)))
    return None if "" in best else best


def _all_of(operation: str, argument: Any) -> set[str] | None:
    """All strings that a part matches, if they are few."""
    if operation == "LITERAL":
        return {chr(argument).lower()}
    if operation in ("AT", "ASSERT", "ASSERT_NOT"):  # they match no character
        return {""}
    if operation == "IN" and all(str(kind) == "LITERAL" for kind, _ in argument):
        return {chr(value).lower() for _, value in argument}
    parts: list[set[str] | None] = []
    if operation == "SUBPATTERN":
        parts = [_all_in(argument[-1])]
    elif operation == "BRANCH":
        parts = [_all_in(part) for part in argument[1]]
    elif operation == "MAX_REPEAT" and tuple(argument[:2]) == (0, 1):
        parts = [{""}, _all_in(argument[2])]
    found = set().union(*(part for part in parts if part))
    return found if parts and None not in parts and len(found) <= MOST else None


def _all_in(items: Sequence[tuple[Any, Any]]) -> set[str] | None:
    found = {""}
    for operation, argument in items:
        strings = _all_of(str(operation), argument)
        if strings is None or len(found) * len(strings) > MOST:
            return None
        found = {before + after for before in found for after in strings}
    return found


def _required_of(operation: str, argument: Any) -> set[str] | None:
    if operation == "SUBPATTERN":
        return _required(list(argument[-1]))
    if operation == "BRANCH":
        parts = [_required(list(part)) for part in argument[1]]
        return None if None in parts else set().union(*(part for part in parts if part))
    if operation in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and argument[0] > 0:
        return _required(list(argument[2]))
    return _required(list(argument)) if operation == "ATOMIC_GROUP" else None
