"""Fixed strings looked for in many texts at once, and the strings that a regular expression cannot match without."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

_HALF = re.compile("[\ud800-\udfff]")


class Phrases:
    """Groups of strings, at most 63, that are all looked for in one pass (Aho-Corasick).

    >>> Phrases({"fruit": ["apple", "pear"], "tool": ["saw"]}).found(["a pear", "", "saw apples"], "fruit").tolist()
    [True, False, True]
    """

    def __init__(self, groups: Mapping[str, Collection[str]]) -> None:
        from ahocorasick_rs import AhoCorasick, Implementation

        self._bits = {name: 1 << number for number, name in enumerate(groups)}
        bits: dict[str, int] = {}
        for name, strings in groups.items():
            for string in strings:
                bits[string] = bits.get(string, 0) | self._bits[name]
        self._values = list(bits.values())
        self._automaton = AhoCorasick(list(bits), implementation=Implementation.DFA)

    def groups(self, texts: Sequence[str]) -> Any:
        """For each text, the groups of which it holds a string, a bit for each."""
        import numpy as np

        found = np.zeros(len(texts), dtype=np.int64)
        joined = "\0".join(texts)
        try:
            matches = self._automaton.find_matches_as_indexes(joined, overlapping=True)
        except UnicodeEncodeError:  # halves of characters
            matches = self._automaton.find_matches_as_indexes(_HALF.sub("\0", joined), overlapping=True)
        if matches:
            numbers, starts, _ = zip(*matches, strict=True)
            ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
            values = np.array(self._values)[list(numbers)]
            np.bitwise_or.at(found, np.searchsorted(ends, starts, side="right"), values)
        return found

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
    ['bird', 'cat', 'dog']

    Raises:
        ValueError: a pattern matches without any fixed string.
    """
    found: set[str] = set()
    for pattern in patterns:
        strings = _required(list(re._parser.parse(pattern)))  # type: ignore[attr-defined]
        if strings is None:
            raise ValueError(f"nothing fixed in {pattern!r}")
        found |= strings
    return frozenset(found)


def _required(items: Sequence[tuple[Any, Any]]) -> set[str] | None:
    """The best set for a sequence of parsed parts: the one whose shortest string is longest."""
    choices: list[set[str]] = []
    run = ""
    for operation, argument in [*items, (None, None)]:
        if str(operation) == "LITERAL":
            run += chr(argument).lower()
            continue
        if run:
            choices.append({run})
            run = ""
        strings = _required_of(str(operation), argument)
        if strings:
            choices.append(strings)
    return max(choices, key=lambda strings: (min(map(len, strings)), -len(strings)), default=None)


def _required_of(operation: str, argument: Any) -> set[str] | None:
    if operation == "SUBPATTERN":
        return _required(list(argument[-1]))
    if operation == "BRANCH":
        parts = [_required(list(part)) for part in argument[1]]
        return None if None in parts else set().union(*(part for part in parts if part))
    if operation in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and argument[0] > 0:
        return _required(list(argument[2]))
    if operation == "ATOMIC_GROUP":
        return _required(list(argument))
    if operation == "IN" and all(str(kind) == "LITERAL" for kind, _ in argument):
        return {chr(value).lower() for _, value in argument}
    return None
