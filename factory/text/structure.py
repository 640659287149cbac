"""The parts of a text that a translation must carry over unchanged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from factory.text.arabic import DIGITS
from factory.text.inline import inline_spans

_FENCE = re.compile(r"^[ \t]*(```+|~~~+)([^\n]*)\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(`+)([^`\n]+)\1")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'`)\]}،؛«»]+")
_PLACEHOLDER = re.compile(
    r"\$?\{\{?[A-Za-z_][\w.\- ]*\}?\}"  # {name}, {{name}}, ${NAME}
    r"|%(?:\(\w+\))?[sdif](?![\w%])"  # %s, %(name)d
    r"|</?[^\W\d_][\w-]*(?:\s[^<>]*)?/?>"  # <tag>
)
_EMAIL = re.compile(r"(?<![\w.+@/-])[\w.+-]++@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++")
_JSON_KEY = re.compile(r'"([^"\n\\]{1,60})"\s*:')
_CODE_NAME = re.compile(r"[/._()A-Z](?:(?<=[/.])\w|(?<=\w_)\w|(?<=\(\))|(?<=[a-z][A-Z]))")  # a_b, (), aB, /a, .a
_MATH_EDGE = re.compile(r"\s+|^\$+\(?|[.,?؟،:;]*\)?\$+$")
_NO_NAME = re.compile(r"^[`$\\<{\[%&#@]|://|@|www\.|^[\d.,/]+$")
_MARKER = re.compile(r"^[ \t]*(?:([-*•+–])|(\d{1,3})[.)]|(#{1,6}))[ \t]+(?=\S)", re.MULTILINE)
_FORMULA = re.compile(r"\d|[a-z][A-Z]|[A-Z]{2}[a-z]")
_TWO_LETTERS = re.compile(r"[A-Za-z]{2}|[^\W\d_A-Za-z]")
_CHOICE = re.compile(r"^[ \t]*\(?[A-HJ-UYZa-hj-uyz\u0620-\u064a][.)][ \t]+(?=\S)", re.MULTILINE)
_NOTHING: Counter[str] = Counter()


def code_blocks(text: str) -> Counter[str]:
    """Bodies of fenced blocks, without white space at their ends; before them what no name of a language is."""
    if "```" not in text and "~~~" not in text:
        return _NOTHING
    blocks = ((match[2].strip(), match[3].strip()) for match in _FENCE.finditer(text))
    return Counter(body if info.isascii() else f"{info}\n{body}" for info, body in blocks)


def inline_code(text: str) -> Counter[str]:
    if "`" not in text:
        return _NOTHING
    return Counter(match[2].strip() for match in _INLINE.finditer(_without_blocks(text)))


def urls(text: str) -> Counter[str]:
    """Addresses of pages, without the punctuation after them."""
    if "http" not in text and "www." not in text:
        return _NOTHING
    return Counter(url.rstrip(".,;:!?؟") for url in _URL.findall(text))


def emails(text: str) -> Counter[str]:
    return Counter(_EMAIL.findall(text)) if "@" in text else _NOTHING


def placeholders(text: str) -> Counter[str]:
    """Template slots and tags outside code: ``{name}``, ``${NAME}``, ``%s``, ``<br>``."""
    if "{" not in text and "<" not in text and "%" not in text:
        return _NOTHING
    return Counter(_PLACEHOLDER.findall(_INLINE.sub(" ", _without_blocks(text))))


def math(text: str) -> Counter[str]:
    """Formulas between dollar signs or brackets and LaTeX commands, without their white space, with ASCII digits."""
    if "$" not in text and "\\" not in text:
        return _NOTHING
    spans = (text[start:end] for start, end in inline_spans(text))
    return Counter(_MATH_EDGE.sub("", span.translate(DIGITS)) for span in spans if span[0] in "$\\")


def identifiers(text: str) -> Counter[str]:
    """Names from code, file names and paths that a sentence mentions: ``get_name``, ``getName()``, ``./a.py``."""
    if _CODE_NAME.search(text) is None:
        return _NOTHING
    spans = [text[start:end] for start, end in inline_spans(text)]
    return Counter(span for span in spans if _CODE_NAME.search(span) and not _NO_NAME.search(span))


def json_keys(text: str) -> Counter[str]:
    """Keys of JSON objects, or of what looks like one."""
    return Counter(_JSON_KEY.findall(text)) if '"' in text and "{" in text and ":" in text else _NOTHING


def table_rows(text: str) -> Counter[str]:
    """Rows of tables, as many bars as they have."""
    if "|" not in text or "\n" not in text:
        return _NOTHING
    return Counter("|" * bars for line in text.split("\n") if (bars := line.count("|")) > 1)


def list_markers(text: str) -> Counter[str]:
    """Bullets (all alike), list numbers, letters of choices (all alike) and headings at the starts of lines."""
    if "\n" not in text and not text[:1].isspace() and _MARKER.match(text) is None:
        return _NOTHING
    found = Counter(
        "-" if bullet else hashes or f"{number.translate(DIGITS)}." for bullet, number, hashes in _MARKER.findall(text)
    )
    if (letters := len(_CHOICE.findall(text))) > 1:  # one is an initial; I, V and X are numbers
        found["a."] = letters
    return found


KINDS: dict[str, Callable[[str], Counter[str]]] = {
    "code": code_blocks,
    "inline_code": inline_code,
    "placeholders": placeholders,
    "math": math,
    "identifiers": identifiers,
    "json_keys": json_keys,
    "lists": list_markers,
    "tables": table_rows,
}


def prose(text: str) -> str:
    """The text without code, URLs, formulas and JSON keys: what a translation does change."""
    if "`" in text or "~~~" in text:
        text = _INLINE.sub(" ", _without_blocks(text))
    if "http" in text or "www." in text:
        text = _URL.sub(" ", text)
    if "{" in text and '"' in text:
        text = _JSON_KEY.sub(" ", text)
    if "$" in text or "\\" in text:
        for start, end in reversed(inline_spans(text)):
            if text[start] in "$\\":
                text = f"{text[:start]} {text[end:]}"
    return text


def plain_words(text: str) -> str:
    """`prose` without words of formulas: those with digits, with capitals inside, or of one Latin letter.

    >>> plain_words("2 KNO3 + (6-3x) gives HCl")
    'gives'
    """
    return " ".join(
        word
        for word in prose(text).split()
        if not word.isascii()
        or (word.isalpha() and word.islower() and len(word) > 1)
        or (not _FORMULA.search(word) and _TWO_LETTERS.search(word))
    )


def _without_blocks(text: str) -> str:
    return _FENCE.sub(" ", text) if "```" in text or "~~~" in text else text


def overlap(source: Counter[str], target: Counter[str]) -> float:
    """Dice coefficient of two multisets: 1.0 where they are equal (or both empty), 0.0 where nothing is shared."""
    size = source.total() + target.total()
    return 2 * (source & target).total() / size if size else 1.0
