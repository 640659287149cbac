"""What must come through a translation unchanged inside a sentence: inline code, formulas, addresses, tags, slots.

Plain numbers are not among them (a translation may write them in other digits; they are compared afterwards), nor are
hashtags, bracketed words like [your name] and dates, which a translation does change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from factory.text.chat import TOKEN
from factory.text.code_spans import code_spans
from factory.text.json_text import JsonFinder

_W = r"A-Za-z0-9_\u00c0-\u024f"  # of other scripts, a letter may stand right before a name: "وfoo()", "用foo()"
_ADDRESS = re.compile(
    rf"(?<![{_W}])(?:(?:https?|ftp|file|s3|gs|hf|git|ssh|wss?)://|mailto:|www\.(?=\w))[^\s<>\"'`|\\^،؛؟«»⟦⟧]+",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![A-Za-z0-9_.+@/-])[A-Za-z0-9_.+-]++@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++")
_MENTION = re.compile(rf"(?<![{_W}@./])@[A-Za-z_][{_W}]{{1,30}}+(?!@|\.[{_W}])")
_DOMAINS = r"com|org|net|edu|gov|io|ai|dev|app|info|(?:(?<=\.co\.)|(?<=\.ac\.)|(?<=\.com\.)|(?<=\.org\.))[a-z]{2}"
_EXTENSIONS = (
    "py|ipynb|js|jsx|ts|tsx|mjs|java|kt|(?<=\\w\\w\\.)(?:c|h|go|rs|r|m)|cpp|hpp|cs|rb|php|pl|sh|bat|ps1|sql|swift|lua|html?|css|scss|xml|json|jsonl"
    "|ya?ml|toml|ini|cfg|conf|env|md|rst|txt|csv|tsv|xlsx?|docx?|pptx?|pdf|png|jpe?g|gif|svg|webp|mp[34]|wav|avi|zip|tar|gz|7z|exe"
    "|dll|log|db|sqlite|parquet|lock"
)
_DOTTED = re.compile(
    rf"(?<![{_W}.@/\\-])(?:[A-Za-z0-9_-]++\.(?=[A-Za-z0-9_-]))++"
    rf"(?:(?:{_EXTENSIONS})|(?:{_DOMAINS})(?:/[^\s<>\"'`),;]*+)?)(?![{_W}]|-\d|\.[{_W}])"
    rf"|(?<![{_W}.])v?\d++(?:\.\d++){{2,}}+(?:-[a-z][{_W}]*+)?(?![{_W}])"  # versions, addresses of machines
    rf"|(?<![{_W}.])v\d++(?:\.\d++)++(?![{_W}])"
    rf"|(?<![{_W}.])10\.\d{{4,9}}/[^\s<>\"'`]++"  # digital object identifiers
)
_ABBREVIATION = re.compile(r"[a-z]\.[a-z]{2,3}\. [\"“„«(a-zß-ÿ]")  # and a sentence that goes on
_DOT = re.compile(r"\.[A-Za-z0-9]")
_PATH = re.compile(
    rf"(?<![{_W}/.:<~-])(?:(?:~|\.{{1,2}}|[A-Za-z]:)?/(?:[{_W}.@+*-]++/)++[{_W}.@+*-]*+|(?:~|\.{{1,2}})/[{_W}.@+*-]++"
    rf"|/(?:etc|usr|var|home|tmp|bin|dev|opt|root)(?![{_W}]))"
    rf"|(?<![{_W}/.:-])(?:[{_W}.-]++/)++[{_W}-]++(?:\.[{_W}-]++)*?\.(?:{_EXTENSIONS})(?![{_W}])"
)
_BACKSLASH = re.compile(
    rf"(?<![{_W}])[A-Za-z]:\\(?:[\w.$-]++\\)*+[\w.$-]*+"
    r"|\\\((?P<inline>(?:[^\\]|\\(?![()]))++)\\\)"
    r"|\\\[(?P<display>(?:[^\\]|\\(?![\[\]]))++)\\\]"
    r"|\\[nrt](?![a-z])"
    r"|\\[A-Za-z]++\*?+(?:\{(?:[^{}\n]|\{[^{}\n]*+\})*+\}|\[[^\[\]\n]*+\])*+(?:[_^](?:\w|\{[^{}\n]*+\}))*+"
)
_DOLLAR = re.compile(
    r"\$\$(?P<display>[^$]++)\$\$"
    rf"|(?<![\\{_W}$])\$(?P<inline>(?=[^\s$])[^$\n]{{1,400}}+)(?<=[^\s\\])\$(?![\d$])"
    rf"|(?<![\\{_W}$])\$(?P<spaced> (?:[A-Za-z]|[^$\n]{{0,200}}?[\\^_=+<>][^$\n]{{0,200}}) )\$(?![\d$])"
)
_VARIABLE = re.compile(rf"(?<![{_W}$])\$(?:[A-Z_]{{2,}}+\d*+|[a-z_][{_W}]++)(?![{_W}$])")
_BRACES = re.compile(
    r"\{\{[^{}\n]{1,80}+\}\}|\{%[^{}\n]{1,200}+%\}|[$#]?\{\s{0,2}(?:[A-Za-z_][\w.\-:\[\]!>^,$]{0,60}+|\d{0,2})\s{0,2}\}"
)
_PERCENT = re.compile(
    r"(?<![\d%])%(?:\(\w{1,40}\)|\d\$)?[-+0#]{0,3}\d{0,4}(?:\.\d{1,3})?l{0,2}[sdifgexXcru](?![A-Za-z0-9_%])|(?<!\d)%[A-Z_]{3,40}%"
)
_TAG = re.compile(
    r"<!--(?:[^<>-]|-(?!->))*+-->"
    r"|<(?P<element>code|kbd|samp|tt|var|pre|ocr|b?box|quad|poly)\b[^<>]*+>[^<]*+</(?P=element)>"
    r"|</?[A-Za-z][\w:.-]*+(?:\s[^<>\"']*+(?:(?:\"[^\"<\n]*+\"|'[^'<\n]*+')[^<>\"']*+)*+)?/?>"
    r"|<[A-Za-z][^<>\n]{0,100}+>"
)
# Where things are in a picture, as Qwen's models write it, and as four numbers.
_PLACE = re.compile(r"<\|(?P<place>box|quad|point)_start\|>[^<]*+<\|(?P=place)_end\|>")
_BOX = re.compile(r"\[\s?-?\d{1,6}(?:\.\d{1,9})?(?:,\s?-?\d{1,6}(?:\.\d{1,9})?){3}\s?\]")
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,10}\d{0,2}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_NAME = re.compile(
    rf"(?<![{_W}.])(?:[A-Za-z_][A-Za-z0-9_]*+\.)*+[A-Za-z_][A-Za-z0-9_]*+\(\)"
    rf"|(?<![{_W}])_{{0,2}}+[A-Za-z][A-Za-z0-9]*+(?:_{{1,2}}[A-Za-z0-9]++)++_{{0,2}}+(?![{_W}])"
)
_HUMP = re.compile("[A-Z](?<=[a-z][A-Z])")
_SLASH, _AT, _NAME_SIGN = re.compile("/"), re.compile("@"), re.compile(r"_|\(\)")
# Two small letters first: iPhone and pH are words.
_CAMEL = re.compile(rf"(?<![{_W}])[a-z]{{2,}}+(?:[A-Z][a-z0-9]*+)++(?![{_W}])")
_SQUARE = re.compile(r"\[/?[A-Z][A-Z0-9]*+(?:_[A-Z0-9]++)*+\]|(?<=\]\()[^()\s]++(?=[)\s])")
_COLOUR = re.compile(rf"(?<![{_W}&])#(?=[A-Fa-f]{{0,5}}\d)[0-9A-Fa-f]{{6}}(?![{_W}])")
_OPENING = re.compile(r"(?<![\w\]])[{\[]")

_RUNS = re.compile(r"[^\W\d_]+")
_FUNCTION = re.compile(
    r"(?:arc)?(?:sin|cos|tan)h?|cot|sec|log|ln|exp|sqrt|lim|max|min|mod|det|abs|gcd|ab|bc|ac|xy|d[xyt]|pi|[A-Za-zͰ-Ͽ²³µ]|[A-Z]{2,3}|aq"
)
# What predicates and chemical elements are called.
_ELEMENTS = re.compile(r"(?:[A-Z][a-z]?)+")
_REACTION = re.compile(r"->|[→⇌]")

_NUMERALS = re.compile(r"[\W\d_]*+(?:(?:[ivx]{1,5}|[IVX]{1,5})(?:[\W\d_]++|$))*+")
_LOGIC = re.compile("[⊃⊂⊆⊇⊢⊨∀∃∄∧∨¬≡→←↔⇒⇔∩∪∈∉•~]")
_SIGNED = re.compile(r"[=^<>+*/|·×÷≤≥≠≈∑∫√π]|\w\(|\b(?:log|ln|sin|cos|tan)\b.")

_COMMAND = re.compile(r"\\(?:text|mathrm|operatorname|mbox)\s*+\{[^{}]*+\}|\\[A-Za-z]++")
_FORMULA = re.compile(r"[\\^_=+<>{}|*×÷≤≥≠∈∑∫√π]|^\s*-?\w{1,3}(?:\s*,\s*-?\w{1,3})*\s*$|\w\(\w|^[\d.,\s/:%()\[\]!-]+$")
_WORDS = re.compile(r"[^\W\d_]{3,}[,;]?\s+[^\W\d_]{2,}")


class Span(NamedTuple):
    """Characters start to end of a text, and what they are."""

    start: int
    end: int
    kind: str


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
    if "$" in line:
        return False  # what marks it says where it ends
    reaction = _REACTION.search(line) is not None
    if not reaction and "=" not in line and "^" not in line:
        return False
    runs = _RUNS.findall(line) if len(line) < 500 else ["none"]
    return all(_FUNCTION.fullmatch(run) or (reaction and _ELEMENTS.fullmatch(run)) for run in runs)


def is_symbolic(text: str) -> bool:
    """Is it a formula of single letters, functions and signs, Roman numerals, or nothing with letters?

    >>> is_symbolic("U ⊃ Z"), is_symbolic("O(n log n)"), is_symbolic("I, II"), is_symbolic("I am"), is_symbolic("Max")
    (True, True, True, False, False)
    """
    if len(text) > 500:
        return False
    if _NUMERALS.fullmatch(text):
        return True
    logic = _LOGIC.search(text) is not None
    if not logic and not _SIGNED.search(text):
        return is_equation(text)
    return all(_FUNCTION.fullmatch(run) or (logic and _ELEMENTS.fullmatch(run)) for run in _RUNS.findall(text))


@lru_cache(maxsize=1024)  # a unit is looked at when a text is cut, again when it is masked, and when it is checked
def inline_spans(text: str) -> tuple[Span, ...]:
    """What a translation of `text` must hold unchanged, in order, apart from each other.

    Kinds: code, url, email, mention, file (names, paths, domains, versions), token, tag, math, placeholder, json,
    entity, name (of functions and variables) and colour. Of spans that overlap, the first gives the kind.
    """
    spans: list[Span] = []

    def add(kind: str, matches: Iterable[re.Match[str]]) -> None:
        spans.extend(Span(*match.span(), kind) for match in matches)

    if "`" in text:
        spans += (Span(start, end, "code") for start, end in code_spans(text))
    if "/" in text or "www." in text:
        if "://" in text or "www." in text:
            spans += (Span(m.start(), _address_end(text, m), "url") for m in _ADDRESS.finditer(text))
        spans += _files(_near(_SLASH, _PATH, text), text)
    if "." in text and _DOT.search(text):
        spans += _files(_near(_DOT, _DOTTED, text), text)
    if "@" in text:
        add("email", _near(_AT, _EMAIL, text))
        add("mention", _near(_AT, _MENTION, text))
    if "<" in text:
        add("token", _PLACE.finditer(text))
        add("token", TOKEN.finditer(text))
        spans += (Span(*m.span(), "code" if m["element"] else "tag") for m in _TAG.finditer(text))
    if "\\" in text:
        add("math", _formulas(_BACKSLASH, text))
    if "$" in text:
        add("math", _formulas(_DOLLAR, text))
        add("placeholder", _VARIABLE.finditer(text))
    if "{" in text:
        add("placeholder", _BRACES.finditer(text))
    if "[" in text:
        add("placeholder", _SQUARE.finditer(text))
        add("placeholder", _BOX.finditer(text))
    if '"' in text and ("{" in text or "[" in text):
        spans += _documents(text)
    if "%" in text:
        add("placeholder", _PERCENT.finditer(text))
    if "&" in text:
        add("entity", _ENTITY.finditer(text))
    if "_" in text or "()" in text:
        add("name", _near(_NAME_SIGN, _NAME, text))
    if _HUMP.search(text):
        add("name", _near(_HUMP, _CAMEL, text))
    if "#" in text:
        add("colour", _COLOUR.finditer(text))
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


def _files(matches: Iterable[re.Match[str]], text: str) -> Iterator[Span]:
    """Without the full stop of the sentence that ends with it, and without p.sh., which is Albanian for e.g."""
    for match in matches:
        if match[0].strip("./") and not _ABBREVIATION.match(text, match.start()):
            yield Span(match.start(), match.end() - (text[match.end() - 1] == "."), "file")


def _formulas(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """What closes none may open one."""
    position = 0
    while match := pattern.search(text, position):
        content = match[match.lastgroup] if match.lastgroup else None
        formula = content is None or is_formula(content)
        position = match.end() if formula else match.start(match.lastgroup or 0)
        if formula:
            yield match


def _documents(text: str) -> Iterator[Span]:
    finder, position = JsonFinder(text), 0
    while match := _OPENING.search(text, position):
        end = finder.end(match.start())
        position = match.end() if end is None else end
        if end is not None:
            yield Span(match.start(), end, "json")


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


def apart(spans: Iterable[Span], touching: bool = False) -> list[Span]:
    """The spans in order, those that overlap made one, and with `touching` those that touch: of the kind of the first,
    and of two that begin together of the longer one."""
    spans = sorted(spans, key=lambda span: (span.start, -span.end))
    found = spans[:1]
    for span in spans[1:]:
        last = found[-1]
        if span.start >= last.end + touching:
            found.append(span)
        elif span.end > last.end:
            found[-1] = last._replace(end=span.end)
    return found
