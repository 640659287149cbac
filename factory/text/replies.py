"""What a model's short reply says: one word, or marks. Whatever is not clearly said counts as not said."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from factory.text.arabic import DIGITS

_NUMBER = r"(-?\d+(?:\.\d+)?)(?:\s*/\s*(\d+(?:\.\d+)?))?"
_DRESS = r"[\"'*_`\s]*"
_END = r"(?=[\"'*_`)]*\s*(?:$|[\n,;|}\]]|\.(?:\s|$)))"


def parse(reply: str) -> str:
    """The reply without case and without white space, punctuation and symbols at its ends.

    >>> parse(" **Accept.**\\n")
    'accept'
    """
    text = reply.casefold()
    start, end = 0, len(text)
    while start < end and not _is_word(text[start]):
        start += 1
    while end > start and not _is_word(text[end - 1]):
        end -= 1
    return text[start:end]


def numbers(reply: str, names: Sequence[str], scale: tuple[float, float]) -> dict[str, float] | None:
    """The mark of every name: ``name: 4`` in lines or JSON, or the bare number if there is one name.

    None where a mark is missing, given twice with different values, vague (``4 or 5``), or outside the scale; a
    denominator must be the scale's end.

    >>> numbers("**Adequacy**: 4/5\\nfluency: 3.5", ["adequacy", "fluency"], (1, 5))
    {'adequacy': 4.0, 'fluency': 3.5}
    >>> numbers("4.", ["adequacy"], (1, 5)), numbers("4 or 5", ["adequacy"], (1, 5))
    ({'adequacy': 4.0}, None)
    """
    text = reply.translate(DIGITS)
    found: dict[str, float] = {}
    for name in names:
        given = re.findall(
            rf"(?<!\w){re.escape(name)}(?!\w){_DRESS}[:=]{_DRESS}{_NUMBER}{_END}", text, re.IGNORECASE | re.MULTILINE
        )
        mentioned = len(re.findall(rf"(?<!\w){re.escape(name)}(?!\w){_DRESS}[:=]", text, re.IGNORECASE))
        if not given and not mentioned and len(names) == 1:
            bare = re.fullmatch(rf"{_DRESS}{_NUMBER}[\"'*_`.\s]*", text)
            given, mentioned = ([bare.groups()], 1) if bare else ([], 0)
        marks = {float(mark) for mark, _ in given}
        if len(given) != mentioned or len(marks) != 1 or any(end and float(end) != scale[1] for _, end in given):
            return None
        found[name] = marks.pop()
        if not scale[0] <= found[name] <= scale[1]:
            return None
    return found


def labelled(reply: str, key: str | None = None) -> tuple[str, str]:
    """The word of a guard model's reply, and the rest of it in one line.

    The word is all of the first line, as Llama Guard writes (``unsafe``, then a line with categories), or with `key`
    the value of that key of a JSON object, as LlavaGuard writes. No such object: an empty word.

    >>> labelled("unsafe\\nS1,S9")
    ('unsafe', 'S1,S9')
    >>> labelled('{"rating": "Safe", "category": "NA"}', "rating")
    ('safe', 'category: NA')
    """
    if key is None:
        first, _, rest = reply.strip().partition("\n")
        return parse(first), " ".join(rest.split())
    value = json_object(reply) or {}
    if not isinstance(value.get(key), str):
        return "", ""
    rest = [f"{name}: {part}" for name, part in value.items() if name != key and isinstance(part, str)]
    return parse(value[key]), " ".join("; ".join(rest).split())


def json_object(reply: str) -> dict[str, Any] | None:
    """The one JSON object in a reply, whatever stands around it; None where there is none, or a key is there twice.

    >>> json_object('```json\\n{"rating": "Safe"}\\n```'), json_object('{"rating": "Unsafe", "rating": "Safe"}')
    ({'rating': 'Safe'}, None)
    """
    start, end = reply.find("{"), reply.rfind("}")
    try:
        return json.loads(reply[start : end + 1], object_pairs_hook=_each_once) if 0 <= start < end else None
    except (ValueError, RecursionError):
        return None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"
