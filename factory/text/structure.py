"""What a translation must carry over, in a form that is the same where only words were translated."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from factory.text.arabic import DIGITS
from factory.text.code_lines import is_code
from factory.text.inline import inline_spans, is_symbolic
from factory.text.passages import View

_FENCED = re.compile(
    r"[ \t>]*(?:(?:[-*+•]|\d{1,3}[.)])[ \t]+)?(?:```+|~~~+)([^\n]*)\n?((?s:.*?))\n?[ \t>]*(?:```+|~~~+)?\s*\Z"
)
# Strings and comments of the usual languages: their words may be translated.
_WORDS = re.compile(
    r"(\"\"\"(?s:.*?)\"\"\"|\'\'\'(?s:.*?)\'\'\'|\"(?:[^\"\\\n]|\\.)*\"|\'(?:[^\'\\\n]|\\.)*\'"
    r"|(?<!\S)(?:\#|--|%|;)(?=\s)[^\n]*|(?<![:\w])//[^\n]*|/\*(?s:.{0,2000}?)\*/|<!--(?s:.{0,2000}?)-->)"
)
_MARGIN = re.compile(r"^[ \t>]+|[ \t\r]+$", re.MULTILINE)
_MATH_WORDS = re.compile(r"\\(?:text\w*|mathrm|mbox|operatorname)\s*\{[^{}]*\}")
# White space, delimiters, commands for size and space, words in signs; single characters need no braces.
_MATH_DRESS = re.compile(
    r"\s+|\$+|\^\\circ|°|\\[()\[\],;:! ]|\{,\}|~|(?<=\d),(?=\d{3}(?!\d))"
    r"|\\(?:left|right|[bB]igg?[lr]?|displaystyle|textstyle|q?quad|triangle|angle|degree)(?![A-Za-z])"
)
_MATH_BRACES = re.compile(r"\{(\w)\}")
_MATH_SAME = [
    (re.compile(pattern), same)
    for pattern, same in (
        (r"\\[dt]frac(?![A-Za-z])", r"\\frac"),
        (r"\\[clt]?dots(?![A-Za-z])|\.\.\.|…", r"\\dots"),
        (r"\\([lg])eq?(?![A-Za-z])", r"\\\1e"),
        (r"\\([%$#])", r"\1"),
    )
]
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_MATH_CUT = re.compile(r"[,.;:?&]|\\\\")
_MATH_SIGNS = str.maketrans({**DIGITS, **dict(zip(map(ord, "،؛؟٪٫"), ",;?%.", strict=True))})
# Versions, and sums of numbers: `numbers` compares them.
_NUMBER = re.compile(r"[vV]?[\d.,/%]+$")
_SUM = re.compile(r"(?:\\(?:frac(?=[\d{])|times|cdot|div|pm|approx)|[\d.,/%\\${}^=+*()×÷!-])+$")
# <title of the book>, <date>, [NAME]: to be filled in by the reader, in whatever language; not what is closed, nor
# what is written without an end.
_SLOT = re.compile(r"<([^\W\d_]+)(?: [\w'’-]+)*>$|\{\{\w+(?: [\w'’-]+)+\}\}$|\[[A-Z][A-Z_ ]*\]$")
_OPEN_TAGS = frozenset(
    ("p", "li", "dt", "dd", "tr", "td", "th", "br", "hr", "img", "input", "wbr", "b", "i", "u", "em")
)
_JSON_KEY = re.compile(r'"([^"\n\\]{1,60})"\s*:')
_MARKER = re.compile(r"^[ \t]*(?:([-*•+–])|(\d{1,3})[.)]|(#{1,6}))[ \t]+(?=\S)", re.MULTILINE)
_CHOICE = re.compile(r"^[ \t]*\(?[A-HJ-UYZa-hj-uyz\u0620-\u064a][.)][ \t]+(?=\S)", re.MULTILINE)
_EMPHASIS = re.compile(
    r"(?<![\w*])(?:(\*\*|__)(?=[^\s*_])(?:.*?[^\s*_])\1|([*_])(?=[^\s*_])(?:[^*\n]*?[^\s*_])\2)(?![*_]|\w(?<!\*\w))"
)
_FORMULA = re.compile(r"\d|[a-z][A-Z]|[A-Z]{2}[a-z]")
_GREEK = re.compile("[Ͱ-Ͽ]")
_ONE_SCRIPT = re.compile(r"[!-~]+|[^\s!-~]+")
_TWO_LETTERS = re.compile(r"[A-Za-z]{2}|[^\W\d_A-Za-z]")


def _texts(view: View, *kinds: str) -> Iterator[str]:
    return (passage.text for passage in view.passages if passage.kind in kinds)


def code_form(code: str) -> str:
    """Code without the words of its strings and comments, without margin, and without what a fence says in ASCII.

    >>> code_form("    x = f('two words %s')  # why") == code_form("x = f('كلمتان %s')  # لماذا")
    True
    """
    if fenced := _FENCED.match(code):
        code = fenced[2] if fenced[1].isascii() else f"{fenced[1]}\n{fenced[2]}"
    code = _WORDS.sub(_tokens, code)
    return "\n".join(line for line in _MARGIN.sub("", code).split("\n") if line)


def _tokens(match: re.Match[str]) -> str:
    """The mark that a string or a comment begins with, and what has to survive in it."""
    text = match[0]
    inner = text.strip("\"'#-%;/*<!> \t")
    return " ".join([text[0], *(inner[span.start : span.end] for span in inline_spans(inner))])


def math_parts(formula: str) -> list[str]:
    """A formula without words, white space and delimiters, cut at punctuation: what stands between commas may as well
    stand in a formula of its own. Digits and signs of Arabic are ASCII ones, numbers alone are left out (`numbers`
    compares them).

    >>> math_parts("$v = 12 \\\\text{ metres}, w = ٣$"), math_parts("\\\\(v = 12\\\\)")
    (['v=12', 'w=3'], ['v=12'])
    """
    plain = _MATH_WORDS.sub(",", formula.translate(_MATH_SIGNS))
    for pattern, same in _MATH_SAME:
        plain = pattern.sub(same, plain)
    plain = _MATH_BRACES.sub(r"\1", _MATH_DRESS.sub("", plain))
    plain = plain[1:-1] if _IN_BRACKETS.fullmatch(plain) else plain
    return [part for part in _MATH_CUT.split(plain) if any(map(str.isalnum, part)) and not _SUM.match(part)]


def json_form(document: str) -> str:
    """A document with its strings left out, but for keys.

    >>> json_form('{"name": "Ali", "age": 3}')
    '{"name": "", "age": 3}'
    """

    def blank(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: blank(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [blank(inner) for inner in value]
        return "" if isinstance(value, str) else value

    try:
        return json.dumps(blank(json.loads(document)), ensure_ascii=False)
    except (RecursionError, ValueError):
        return document


def code(view: View) -> Counter[str]:
    """Blocks of code. Of code that nothing marks as such, the lines that can be nothing else."""
    found: Counter[str] = Counter()
    for text in _texts(view, "code"):
        if _FENCED.match(text) or text.lstrip().startswith(("<", "\\begin")):
            found[code_form(text)] += 1
        elif not text.startswith("`"):
            found.update(code_form(line) for line in text.split("\n") if is_code(line))
    return found


def inline_code(view: View) -> Counter[str]:
    return Counter(code.strip("` ") for code in _texts(view, "code") if code[0] == "`" and not _FENCED.match(code))


def urls(view: View) -> Counter[str]:
    """Addresses of pages."""
    return Counter(_texts(view, "url"))


def emails(view: View) -> Counter[str]:
    return Counter(_texts(view, "email"))


def placeholders(view: View) -> Counter[str]:
    """Template slots and tags: ``{name}``, ``${NAME}``, ``%s``, ``<br>``."""
    found = Counter(_texts(view, "placeholder", "tag", "html"))
    closed = {tag[2:-1] for tag in found if tag.startswith("</")} | _OPEN_TAGS
    return Counter({tag: n for tag, n in found.items() if not (slot := _SLOT.match(tag)) or slot[1] in closed})


def math(view: View) -> Counter[str]:
    """Formulas between dollar signs or brackets, and LaTeX commands."""
    return Counter(part for formula in _texts(view, "math") for part in math_parts(formula))


def identifiers(view: View) -> Counter[str]:
    """Names from code, file names and paths that a sentence mentions: ``get_name``, ``getName()``, ``./a.py``."""
    return Counter(name for name in _texts(view, "name", "file") if not _NUMBER.match(name))


def json_keys(view: View) -> Counter[str]:
    """JSON documents, and keys of what looks like one."""
    found = Counter(map(json_form, _texts(view, "json")))
    found.update(_JSON_KEY.findall(view.prose) if "{" in view.text else ())
    return found


def table_rows(view: View) -> Counter[str]:
    """Rows of tables, as many bars as they have."""
    if "|" not in view.text or "\n" not in view.text:
        return Counter()
    return Counter("|" * bars for line in view.prose.split("\n") if (bars := line.count("|")) > 1)


def list_markers(view: View) -> Counter[str]:
    """Bullets (all alike), list numbers, letters of choices (all alike) and headings at the starts of lines."""
    found = Counter(
        "-" if bullet else hashes or f"{number.translate(DIGITS)}."
        for bullet, number, hashes in _MARKER.findall(view.prose)
    )
    if (letters := len(_CHOICE.findall(view.prose))) > 1:  # one is an initial; I, V and X are numbers
        found["a."] = letters
    return found


def emphasis(view: View) -> Counter[str]:
    """Words in bold type (``**``, ``__``) and in italics (``*``, ``_``)."""
    if "*" not in view.text and "_" not in view.text:
        return Counter()
    return Counter("*" * (len(two) or 1) for two, _ in _EMPHASIS.findall(view.prose))


KINDS: dict[str, Callable[[View], Counter[str]]] = {
    "code": code,
    "inline_code": inline_code,
    "placeholders": placeholders,
    "math": math,
    "identifiers": identifiers,
    "json_keys": json_keys,
    "lists": list_markers,
    "tables": table_rows,
    "emphasis": emphasis,
}
PROSE_KINDS = ("lists", "tables", "emphasis")  # of what is prose itself


def plain_words(prose: str) -> str:
    """Prose without words of formulas: those with digits, with capitals inside, of one Latin letter, or numerals.

    >>> plain_words("2 KNO3 + (6-3x) gives HCl"), plain_words("I و II"), plain_words("sin(x)")
    ('gives', 'و', '')
    """
    if is_symbolic(prose):
        return ""
    return " ".join(
        word
        for word in _ONE_SCRIPT.findall(prose)
        if not (word.isascii() or _GREEK.fullmatch(word))
        or (word.isalpha() and word.islower() and len(word) > 1 and not is_symbolic(word))
        or (not _FORMULA.search(word) and _TWO_LETTERS.search(word) and not is_symbolic(word))
    )


def overlap(source: Counter[str], target: Counter[str]) -> float:
    """Dice coefficient of two multisets: 1.0 where they are equal (or both empty), 0.0 where nothing is shared."""
    if dict.__eq__(source, target):  # Counter's own comparison is slow
        return 1.0
    size = source.total() + target.total()
    return 2 * (source & target).total() / size if size else 1.0
