"""Texts as slips, tools and hostile hands leave them: one seed, one mutation."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Mutation = Callable[[random.Random, list[str]], list[str]]

VALUES = [
    *["", "null", "~", "[]", "{}", "true", "yes", "''", '" "', "|\n  text", ">\n  text", "? a", "- b", "2026-11-30"],
    *["-1", "0", "1e999", ".nan", "-.inf", "0x7fffffffffffffff", "9" * 400, "9" * 5000, "0x" + "f" * 5000, "1_000"],
    *["*nowhere", "&a [*a]", "!!omap [a: 1]", "!!set {a}", "!!binary aGk=", "!!python/object:os.system x", "<<: x"],
    *["'\\u0000'", '"\\ud800"', "\u202e", "\ufeffx", "\x85", "a" * 70_000, "é" * 300, "@x", "`x`", "%TAG"],
    *["---", "...", "{a: {a: {a: 1}}}", "[[[[]]]]", "12:30:45", "${HOME}", "${"],
    *["../../../etc/passwd", "/dev/null", "/", ".", "hf://x/y", "a/b/c/d", "lab/x:y:z:w", "x@", "x:", ":x"],
]
STRANGE = ["\x00", "\u200f", "\u00a0", "٣", "\\", *":-#'\"[]{}&*!|>%@"]


def mutated(text: str, seed: int, times: int = 2) -> str:
    """The text after some mutations that the seed chooses.

    >>> mutated("a: 1", 3) == mutated("a: 1", 3)
    True
    """
    chance = random.Random(seed)
    lines = text.split("\n")
    for _ in range(chance.randint(1, times)):
        lines = chance.choice(MUTATIONS)(chance, lines)
    return "\n".join(lines)


def _drop(chance: random.Random, lines: list[str]) -> list[str]:
    at = chance.randrange(len(lines))
    return lines[:at] + lines[at + chance.randint(1, 3) :] or [""]


def _double(chance: random.Random, lines: list[str]) -> list[str]:
    at = chance.randrange(len(lines))
    return lines[: at + 1] + lines[at:]


def _swap(chance: random.Random, lines: list[str]) -> list[str]:
    a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines = list(lines)
    lines[a], lines[b] = lines[b], lines[a]
    return lines


def _indent(chance: random.Random, lines: list[str]) -> list[str]:
    at = chance.randrange(len(lines))
    moved = chance.choice(["  ", "\t", "    ", " "]) + lines[at] if chance.random() < 0.6 else lines[at].strip()
    return [*lines[:at], moved, *lines[at + 1 :]]


def _value(chance: random.Random, lines: list[str]) -> list[str]:
    """Another value behind a key, or another scalar somewhere in a line."""
    at = chance.randrange(len(lines))
    value = chance.choice(VALUES)
    if (key := re.match(r"(\s*(?:- )?[^\s:]+:)\s", lines[at] + " ")) and chance.random() < 0.7:
        return [*lines[:at], f"{key[1]} {value}", *lines[at + 1 :]]
    words = re.split(r"(\W+)", lines[at])
    words[chance.randrange(len(words))] = value
    return [*lines[:at], "".join(words), *lines[at + 1 :]]


def _letter(chance: random.Random, lines: list[str]) -> list[str]:
    at = chance.randrange(len(lines))
    place = chance.randint(0, len(lines[at]))
    strange = chance.choice(STRANGE)
    return [*lines[:at], lines[at][:place] + strange + lines[at][place + chance.randint(0, 2) :], *lines[at + 1 :]]


def _cut(chance: random.Random, lines: list[str]) -> list[str]:
    text = "\n".join(lines)
    return text[: chance.randrange(len(text) + 1)].split("\n")


def _nest(chance: random.Random, lines: list[str]) -> list[str]:
    """Brackets in brackets, by the thousand."""
    at, depth = chance.randrange(len(lines)), chance.choice([50, 500, 5000])
    opening, closing = chance.choice([("[", "]"), ("{a: ", "}"), ("- ", ""), ("(", ")"), ("{{", "}}")])
    key = lines[at].split(":")[0]
    return [*lines[:at], f"{key}: {opening * depth}{closing * chance.choice([0, depth])}", *lines[at + 1 :]]


def _graft(chance: random.Random, lines: list[str]) -> list[str]:
    """A piece of the text in another place, with that place's indent."""
    at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
    indent = re.match(r" *", lines[to])
    piece = lines[at : at + chance.randint(1, 8)]
    return [*lines[:to], *[(indent[0] if indent else "") + line.strip() for line in piece], *lines[to:]]


MUTATIONS: list[Mutation] = [_drop, _double, _swap, _indent, _value, _value, _value, _letter, _cut, _nest, _graft]
