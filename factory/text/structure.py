"""The parts of a text that a translation must carry over unchanged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from factory.text.arabic import DIGITS

_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(`+)([^`\n]+)\1")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'`)\]}،؛«»]+")
_PLACEHOLDER = re.compile(
    r"\$?\{\{?[A-Za-z_][\w.\- ]*\}?\}"  # {name}, {{name}}, ${NAME}
    r"|%(?:\(\w+\))?[sdif](?![\w%])"  # %s, %(name)d
    r"|</?[A-Za-z][\w-]*(?:\s[^<>]*)?/?>"  # <tag>
)
_NUMBER = re.compile(r"[0-9٠-٩۰-۹][0-9٠-٩۰-۹.,٫٬]+[0-9٠-٩۰-۹]")
_MARKER = re.compile(r"^[ \t]*(?:([-*•+–])|(\d{1,3})[.)]|(#{1,6}))[ \t]+(?=\S)", re.MULTILINE)
_NOT_DIGIT = re.compile(r"\D")
_NOTHING: Counter[str] = Counter()
MIN_DIGITS = 3  # shorter numbers are often written in words


def code_blocks(text: str) -> Counter[str]:
    """Bodies of fenced blocks, without white space at their ends."""
    return Counter(match[2].strip() for match in _FENCE.finditer(text)) if "```" in text or "~~~" in text else _NOTHING


def inline_code(text: str) -> Counter[str]:
    if "`" not in text:
        return _NOTHING
    return Counter(match[2].strip() for match in _INLINE.finditer(_without_blocks(text)))


def urls(text: str) -> Counter[str]:
    if "http" not in text and "www." not in text:
        return _NOTHING
    return Counter(url.rstrip(".,;:!?؟") for url in _URL.findall(text))


def placeholders(text: str) -> Counter[str]:
    """Template slots and tags outside code: ``{name}``, ``${NAME}``, ``%s``, ``<br>``."""
    if "{" not in text and "<" not in text and "%" not in text:
        return _NOTHING
    return Counter(_PLACEHOLDER.findall(_INLINE.sub(" ", _without_blocks(text))))


def numbers(text: str) -> Counter[str]:
    """Numbers of three digits or more, as digits: 1,000 and 1000 and ١٠٠٠ are the same; 3.14 is 314."""
    matches = _NUMBER.findall(text)
    if not matches:
        return _NOTHING
    found = (_NOT_DIGIT.sub("", match) for match in matches)
    return Counter(number.translate(DIGITS) for number in found if len(number) >= MIN_DIGITS)


def list_markers(text: str) -> Counter[str]:
    """Bullets (all alike), list numbers and headings at the starts of lines."""
    if "\n" not in text and not text[:1].isspace() and _MARKER.match(text) is None:
        return _NOTHING
    return Counter(
        "-" if bullet else hashes or f"{number.translate(DIGITS)}." for bullet, number, hashes in _MARKER.findall(text)
    )


KINDS: dict[str, Callable[[str], Counter[str]]] = {
    "code": code_blocks,
    "inline_code": inline_code,
    "urls": urls,
    "placeholders": placeholders,
    "numbers": numbers,
    "lists": list_markers,
}


def prose(text: str) -> str:
    """The text without code and URLs: what a translation does change."""
    if "`" in text or "~~~" in text:
        text = _INLINE.sub(" ", _without_blocks(text))
    if "http" in text or "www." in text:
        text = _URL.sub(" ", text)
    return text


def _without_blocks(text: str) -> str:
    return _FENCE.sub(" ", text) if "```" in text or "~~~" in text else text


def overlap(source: Counter[str], target: Counter[str]) -> float:
    """Dice coefficient of two multisets: 1.0 where they are equal (or both empty), 0.0 where nothing is shared."""
    size = source.total() + target.total()
    return 2 * (source & target).total() / size if size else 1.0
