"""What must come through a translation unchanged inside a sentence: inline code, formulas, addresses, tags, slots.

Plain numbers are not among them (a translation may write them in other digits; they are compared afterwards), nor are
hashtags, bracketed words like [your name] and dates, which a translation does change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from factory.text.chat import TOKEN
from factory.text.code_spans import code_spans
from factory.text.json_text import JsonFinder

_ADDRESS = re.compile(
    r"(?<![\w])(?:(?:https?|ftp|file|s3|gs|hf|git|ssh|wss?)://|mailto:|www\.(?=\w))[^\s<>\"'`|\\^،؛؟«»⟦⟧]+",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![\w.+@/-])[\w.+-]++@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++")
_MENTION = re.compile(r"(?<![\w@./])@[A-Za-z_]\w{1,30}+(?!@|\.\w)")
_DOMAINS = "com|org|net|edu|gov|io|ai|dev|app|info|co\\.uk"
_EXTENSIONS = (
    "py|ipynb|js|jsx|ts|tsx|mjs|java|kt|(?<=\\w\\w\\.)(?:c|h|go|rs|r|m)|cpp|hpp|cs|rb|php|pl|sh|bat|ps1|sql|swift|lua|html?|css|scss|xml|json|jsonl"
    "|ya?ml|toml|ini|cfg|conf|env|md|rst|txt|csv|tsv|xlsx?|docx?|pptx?|pdf|png|jpe?g|gif|svg|webp|mp[34]|wav|avi|zip|tar|gz|7z|exe"
    "|dll|log|db|sqlite|parquet|lock"
)
_DOTTED = re.compile(
    rf"(?<![\w.@/\\-])(?:[A-Za-z0-9_-]++\.)++(?:(?:{_EXTENSIONS})|(?:{_DOMAINS})(?:/[^\s<>\"'`),;]*+)?)(?![\w-]|\.\w)"
    r"|(?<![\w.])v?\d++(?:\.\d++){2,}+(?:-[a-z]\w*+)?(?![\w])"  # versions, addresses of machines
    r"|(?<![\w.])v\d++(?:\.\d++)++(?![\w])"
    r"|(?<![\w.])10\.\d{4,9}/[^\s<>\"'`]++"  # digital object identifiers
)
_DOT = re.compile(r"\.[A-Za-z0-9]")
_PATH = re.compile(
    r"(?<![\w/.:<~-])(?:(?:~|\.{1,2}|[A-Za-z]:)?/(?:[\w.@+*-]++/)++[\w.@+*-]*+|(?:~|\.{1,2})/[\w.@+*-]++|/(?:etc|usr|var|home|tmp|bin|dev|opt|root)\b)"
    rf"|(?<![\w/.:-])(?:[\w.-]++/)++[\w-]++(?:\.[\w-]++)*?\.(?:{_EXTENSIONS})(?!\w)"
)
_BACKSLASH = re.compile(
    r"(?<!\w)[A-Za-z]:\\(?:[\w.$-]++\\)*+[\w.$-]*+"
    r"|\\\((?P<inline>(?:[^\\]|\\(?![()]))++)\\\)"
    r"|\\\[(?P<display>(?:[^\\]|\\(?![\[\]]))++)\\\]"
    r"|\\[nrt](?![a-z])"
    r"|\\[A-Za-z]++\*?+(?:\{(?:[^{}\n]|\{[^{}\n]*+\})*+\}|\[[^\[\]\n]*+\])*+(?:[_^](?:\w|\{[^{}\n]*+\}))*+"
)
_DOLLAR = re.compile(
    r"\$\$(?P<display>[^$]++)\$\$"
    r"|(?<![\\\w$])\$(?P<inline>(?=[^\s$])[^$\n]{1,400}+)(?<=[^\s\\])\$(?![\d$])"
    r"|(?<![\w$])\$(?:[A-Z_]{2,}+\d*+|[a-z_]\w++)(?![\w$])"
)
_BRACES = re.compile(
    r"\{\{[^{}\n]{1,80}+\}\}|\{%[^{}\n]{1,200}+%\}|[$#]?\{\s{0,2}(?:[A-Za-z_][\w.\-:\[\]!>^,$]{0,60}+|\d{0,2})\s{0,2}\}"
)
_PERCENT = re.compile(
    r"(?<![\d%])%(?:\(\w{1,40}\)|\d\$)?[-+0#]{0,3}\d{0,4}(?:\.\d{1,3})?l{0,2}[sdifgexXcru](?![\w%])|%[A-Z_]{3,40}%"
)
_TAG = re.compile(
    r"<!--(?:[^<>-]|-(?!->))*+-->"
    r"|<(?P<element>code|kbd|samp|tt|var|pre)\b[^<>]*+>[^<]*+</(?P=element)>"
    r"|</?[A-Za-z][\w:.-]*+(?:\s[^<>\"']*+(?:(?:\"[^\"<\n]*+\"|'[^'<\n]*+')[^<>\"']*+)*+)?/?>"
    r"|<[A-Za-z][^<>\n]{0,100}+>"
)
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,10}\d{0,2}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_NAME = re.compile(
    r"(?<![\w.])(?:[A-Za-z_][\w]*+\.)*+[A-Za-z_]\w*+\(\)|(?<!\w)_{0,2}+[A-Za-z][A-Za-z0-9]*+(?:_{1,2}[A-Za-z0-9]++)++_{0,2}+(?!\w)"
)
_HUMP = re.compile("[A-Z](?<=[a-z][A-Z])")
_SLASH, _AT, _NAME_SIGN = re.compile("/"), re.compile("@"), re.compile(r"_|\(\)")
_CAMEL = re.compile(
    r"(?<!\w)[a-z]{2,}+(?:[A-Z][a-z0-9]*+)++(?!\w)"
)  # two small letters first: iPhone and pH are words
_SQUARE = re.compile(r"\[/?[A-Z][A-Z0-9]*+(?:_[A-Z0-9]++)*+\]|(?<=\]\()[^()\s]++(?=[)\s])")
_COLOUR = re.compile(r"(?<![\w&])#(?=[A-Fa-f]{0,5}\d)[0-9A-Fa-f]{6}(?!\w)")
_OPENING = re.compile(r"(?<![\w\]])[{\[]")

_RUNS = re.compile(r"[^\W\d_]+")
_FUNCTION = re.compile(
    r"(?:arc)?(?:sin|cos|tan)h?|cot|sec|log|ln|exp|sqrt|lim|max|min|mod|det|abs|gcd|ab|bc|ac|xy|d[xyt]|pi|[^\W\d_]|[A-Z]{2,3}"
)

_COMMAND = re.compile(r"\\(?:text|mathrm|operatorname|mbox)\s*+\{[^{}]*+\}|\\[A-Za-z]++")
_FORMULA = re.compile(r"[\\^_=+<>{}|*×÷≤≥≠∈∑∫√π]|^\s*-?\w{1,3}\s*$|\w\(\w|^[\d.,\s/:%-]+$")
_WORDS = re.compile(r"[^\W\d_]{3,}[,;]?\s+[^\W\d_]{2,}")

Span = tuple[int, int]


def is_formula(content: str) -> bool:
    """Is what stands between two dollar signs a formula, and not money and words?

    >>> is_formula("x^2"), is_formula("n"), is_formula("5 million and US")
    (True, True, False)
    """
    return _FORMULA.search(content) is not None and _WORDS.search(_COMMAND.sub("", content)) is None


def is_equation(line: str) -> bool:
    """Is the line a formula without words, though nothing marks it as one?

    >>> is_equation("cos(C) = (a^2 + b^2) / 2ab"), is_equation("Area = 5 x 3")
    (True, False)
    """
    if "=" not in line and "^" not in line:
        return False
    return len(line) < 500 and all(map(_FUNCTION.fullmatch, _RUNS.findall(line)))


@lru_cache(maxsize=256)  # a unit is looked at when a text is cut, and again when it is masked
def inline_spans(text: str) -> tuple[Span, ...]:
    """(start, end) of what a translation of `text` must hold unchanged, in order, apart from each other."""
    spans: list[Span] = []
    if "`" in text:
        spans += code_spans(text)
    if "/" in text or "www." in text:
        if "://" in text or "www." in text:
            spans += ((m.start(), _address_end(text, m)) for m in _ADDRESS.finditer(text))
        spans += _trimmed(_near(_SLASH, _PATH, text), text)
    if "." in text and _DOT.search(text):
        spans += _trimmed(_near(_DOT, _DOTTED, text), text)
    if "@" in text:
        spans += _spans(_near(_AT, _EMAIL, text))
        spans += _spans(_near(_AT, _MENTION, text))
    if "<" in text:
        spans += _all(TOKEN, text)
        spans += _all(_TAG, text)
    if "\\" in text:
        spans += _formulas(_BACKSLASH, text)
    if "$" in text:
        spans += _formulas(_DOLLAR, text)
    if "{" in text:
        spans += _all(_BRACES, text)
    if "[" in text:
        spans += _all(_SQUARE, text)
    if '"' in text and ("{" in text or "[" in text):
        spans += _documents(text)
    if "%" in text:
        spans += _all(_PERCENT, text)
    if "&" in text:
        spans += _all(_ENTITY, text)
    if "_" in text or "()" in text:
        spans += _spans(_near(_NAME_SIGN, _NAME, text))
    if _HUMP.search(text):
        spans += _spans(_near(_HUMP, _CAMEL, text))
    if "#" in text:
        spans += _all(_COLOUR, text)
    return tuple(apart(spans)) if spans else ()


def _near(sign: re.Pattern[str], pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Matches of a pattern that matches no white space: looked for only in words that hold the sign it must have."""
    end = -1
    for found in sign.finditer(text):
        place = found.start()
        if place >= end:
            start = max(text.rfind(" ", 0, place), text.rfind("\n", 0, place)) + 1
            end = min(text.find(" ", place) % (len(text) + 1), text.find("\n", place) % (len(text) + 1))
            yield from pattern.finditer(text, start, end)


def _all(pattern: re.Pattern[str], text: str) -> list[Span]:
    return _spans(pattern.finditer(text))


def _spans(matches: Iterable[re.Match[str]]) -> list[Span]:
    return [match.span() for match in matches]


def _trimmed(matches: Iterable[re.Match[str]], text: str) -> list[Span]:
    """Without the full stop of the sentence that ends with it."""
    return [(m.start(), m.end() - (text[m.end() - 1] == ".")) for m in matches if m[0].strip("./")]


def _formulas(pattern: re.Pattern[str], text: str) -> list[Span]:
    found: list[Span] = []
    for match in pattern.finditer(text):
        content = match["inline"] or match["display"]
        if content is None or is_formula(content):
            found.append(match.span())
    return found


def _documents(text: str) -> list[Span]:
    found: list[Span] = []
    finder, position = JsonFinder(text), 0
    while match := _OPENING.search(text, position):
        end = finder.end(match.start())
        position = match.end() if end is None else end
        if end is not None:
            found.append((match.start(), end))
    return found


def _address_end(text: str, match: re.Match[str]) -> int:
    """An address without the punctuation around it; a closing bracket stays if it was opened inside."""
    start, end = match.span()
    surplus = text.count(")", start, end) - text.count("(", start, end)
    while end > start + 1:
        last = text[end - 1]
        if last == ")" and surplus > 0:
            surplus -= 1
        elif last not in ".,;:!?*]}…" or (last == "}" and text.rfind("{", start, end) >= 0):
            break
        end -= 1
    return end


def apart(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that overlap or touch made one."""
    spans = sorted(spans)
    found = spans[:1]
    for start, end in spans[1:]:
        last_start, last_end = found[-1]
        if start > last_end:
            found.append((start, end))
        elif end > last_end:
            found[-1] = last_start, end
    return found
