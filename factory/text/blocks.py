"""Blocks that stay as they are: fenced code, display formulas, LaTeX environments, JSON, HTML, chat tokens.

Everything here is linear in the text: whatever is looked for and not found is not looked for again.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from factory.text.code_lines import looks_like_code
from factory.text.code_spans import CodeSpans
from factory.text.fences import Fence, fences
from factory.text.inline import Span, is_formula
from factory.text.json_text import JsonFinder

_OPENING = re.compile(
    r"`+|~{3,}|\$\$|\\\[|\\begin\{|[{\[](?=\s{0,400}[\"\[{}])|<(?=[A-Za-z/!?|<｜])|\[/?INST\]|\[asy\]"
)
_HINTS = ("`", "<", "[", "{", "\\", "$", "~~~")
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([^{}\n]{1,40})\}")
_VERBATIM = re.compile(r"\\begin\{(?:[vV]erbatim|lstlisting|minted|alltt)")
_TAG = re.compile(r"</?[A-Za-z][\w:-]*+[^<>\"']*+(?:(?:\"[^\"<]*+\"|'[^'<]*+')[^<>\"']*+)*+>")
_DECLARATION = re.compile(r"<!DOCTYPE[^<>]*+>|<\?xml[^<>]*+\?>", re.IGNORECASE)
_CHAT_TOKEN = re.compile(
    r"<\|(?:im_start|start_header_id|start)\|>(?:system|user|assistant|tool|developer)?(?:<\|end_header_id\|>)?"
    r"|<start_of_turn>(?:user|model)?|<(?:end_of_turn|bos|eos|s|/s)>|<\|[^|<>\s]{1,40}\|>|<｜[^｜<>]{1,40}｜>|<</?SYS>>|\[/?INST\]"
)
_CHAT = re.compile(
    r"<\|im_start\|>|<\|start_header_id\|>|<start_of_turn>|\[INST\]|<\|(?:user|assistant|system|start)\|>|<｜(?:User|Assistant)｜>"
)
_NESTING = ("markdown", "md", "mdx")
_NAME = re.compile(r"</?([A-Za-z][\w-]*)")
_RAW = frozenset(("script", "style", "pre", "svg", "math", "textarea"))
_RAW_IF_LONG = frozenset(("code", "kbd", "samp"))
_SEPARATING = re.compile(
    r"address|article|aside|blockquote|body|button|canvas|caption|center|col|colgroup|dd|details|"
    r"dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h1|h2|h3|h4|h5|"
    r"h6|head|header|hr|html|iframe|input|label|legend|li|link|main|menu|meta|nav|noscript|object|"
    r"ol|optgroup|option|p|param|section|select|source|summary|table|tbody|td|template|tfoot|th|"
    r"thead|title|tr|track|ul|video|audio"
)
_BLANK = re.compile(r"\n(?:[^\S\n]*+\n)++|\n[^\S\n]*+\Z")
_MARKUP = re.compile(r"[ \t]*+<[A-Za-z/!]")
_MATH_LONGEST = 4000


def find_blocks(text: str) -> list[Span]:
    """The blocks of a text in order, apart from each other; kinds: code, math, json, html, token."""
    return _Scan(text).blocks() if any(map(text.__contains__, _HINTS)) else []


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._json = JsonFinder(text)
        self._spans: CodeSpans | None = None
        self._fences: list[Fence] | None = None
        self._open_fences: dict[str, int] = {}  # the shortest run of a character that nothing closes from here on
        self._environments: dict[int, int] | None = None
        self._closings: dict[str, int] = {}  # where the next end of a formula is
        self._absent: set[str] = set()  # ends that do not come any more
        self._is_chat = _CHAT.search(text) is not None

    def blocks(self) -> list[Span]:
        text, found, position = self._text, [], 0
        while match := _OPENING.search(text, position):
            start, opening = match.start(), match[0]
            block: Span | int  # a block, or where to go on
            if opening[0] in "`~":
                block = self._code(match)
            elif opening == "$$" or opening == "\\[":
                block = self._display(start, opening)
            elif opening == "\\begin{":
                block = self._environment(start)
            elif opening == "[asy]":  # a drawing in Asymptote, between paragraphs of mathematics
                block = self._up_to(start, "[/asy]", "code")
            elif opening[0] == "<" or opening.endswith("INST]"):
                block = self._angle(start)
            else:
                block = self._document(start)
            if isinstance(block, Span):
                found.append(block)
                position = block.end
            else:
                position = max(block, match.end())
        return found

    def _code(self, match: re.Match[str]) -> Span | int:
        start, end = match.span()
        if end - start >= 3:
            if self._fences is None:
                self._fences = fences(self._text)
            fence = next(self._from(start))
            if fence.opens and (block := self._fenced(fence)):
                return block
        if match[0][0] == "~":
            return end
        if self._spans is None:
            self._spans = CodeSpans(self._text)
        span_end = self._spans.end(start, across_paragraphs=end - start >= 3)
        if span_end is None:
            return end
        if end - start >= 3 and self._text.find("\n", start, span_end) >= 0:
            return Span(start, span_end, "code")
        return span_end  # inline code is the masks' business; what it holds opens nothing

    def _from(self, start: int) -> Iterator[Fence]:
        known = self._fences or []
        first = bisect_left(known, start, key=lambda fence: fence.start)
        return (known[i] for i in range(first, len(known)))

    def _fenced(self, fence: Fence) -> Span | None:
        line_start = self._text.rfind("\n", max(0, fence.start - 200), fence.start) + 1
        start = line_start if not self._text[line_start : fence.start].strip() else fence.start
        if fence.info in _NESTING and (end := self._nested_end(fence)):
            return Span(start, end, "code")
        character, size = fence.mark, fence.size
        if size < self._open_fences.get(character, 1 << 60):
            others = self._from(fence.start)
            next(others)
            for other in others:
                if other.mark == character and other.size >= size and other.closes:
                    return Span(start, other.end, "code")
                if other.mark == character and other.size == size and other.ends_line:
                    return Span(start, other.end, "code")
            self._open_fences[character] = size
        if not fence.first:
            return None
        return Span(start, self._unclosed_end(fence), "code")

    def _nested_end(self, fence: Fence) -> int | None:
        if "nested" in self._absent:
            return None
        depth = 0
        for other in self._from(fence.start):
            if other.mark != fence.mark or other.size != fence.size:
                continue
            if other.closes:
                depth -= 1
            elif other.opens and other.info:
                depth += 1
            if depth == 0:
                return other.end
        self._absent.add("nested")
        return None

    def _unclosed_end(self, fence: Fence) -> int:
        """Of a fence that nothing closes, the first paragraph is code, and those after it while they look it."""
        text, end = self._text, None
        position = fence.start
        while position < len(text):
            blank = _BLANK.search(text, position)
            stop = blank.start() if blank else len(text)
            if end is not None and not looks_like_code(text[position:stop].split("\n")):
                return end
            end = stop
            position = blank.end() if blank else len(text)
        return end or len(text)

    def _display(self, start: int, opening: str) -> Span | int:
        text, closing = self._text, "$$" if opening == "$$" else "\\]"
        after = start + 2
        end = self._closings.get(closing, 0)
        if end < after:
            end = text.find(closing, after)
            end = self._closings[closing] = len(text) + _MATH_LONGEST if end < 0 else end
        if end >= min(len(text), after + _MATH_LONGEST):
            return after
        if opening == "\\[" and "\\[" in text[after:end]:
            return after
        content = text[after:end]
        if "\n" not in content:
            whole_line = text[start - 1 : start] in ("", "\n") and text[end + 2 : end + 3] in ("", "\n")
            return Span(start, end + 2, "math") if whole_line and is_formula(content) else after
        if "\n\n" in content and not is_formula(content):
            return after
        return Span(start, end + 2, "math") if "\\" in content or is_formula(content) else after

    def _environment(self, start: int) -> Span | int:
        if self._environments is None:
            self._environments = _environments(self._text)
        end = self._environments.get(start)
        if end is None:
            return start + 7
        if _VERBATIM.match(self._text, start):
            return Span(start, end, "code")
        line_start, line_end = self._text.rfind("\n", 0, start) + 1, self._text.find("\n", end) % (len(self._text) + 1)
        if self._text.count("$", line_start, start) % 2 and (closing := self._text.find("$", end, line_end)) >= 0:
            start, end = self._text.rindex("$", line_start, start), closing + 1  # within a formula
        return Span(start, end, "math")

    def _document(self, start: int) -> Span | int:
        text = self._text
        if start and (text[start - 1].isalnum() or text[start - 1] in "_]"):
            return start + 1
        end = self._json.end(start)
        if end is None:
            return start + 1
        line_start = text.rfind("\n", max(0, start - 200), start) + 1
        before = text[max(line_start, start - 200) : start].rstrip()
        if before.endswith(("=", "(", ",", "return")):
            return end  # a value within code
        alone = not before and text[end : end + 20].lstrip(" ,;\t\r")[:1] in ("", "\n")
        return Span(start, end, "json") if alone or text.find("\n", start, end) >= 0 else end

    def _angle(self, start: int) -> Span | int:
        text = self._text
        if self._is_chat and (match := _CHAT_TOKEN.match(text, start)):
            return Span(start, match.end(), "token")
        if match := _DECLARATION.match(text, start):
            return Span(start, match.end(), "html")
        if text.startswith("<!--", start):
            return self._up_to(start, "-->", "html")
        if text.startswith("<?php", start):
            return self._up_to(start, "?>", "code")
        name_match = _NAME.match(text, start)
        name = name_match[1].lower() if name_match else ""
        if not _SEPARATING.fullmatch(name) and name not in _RAW and name not in _RAW_IF_LONG:
            return start + 1
        if (match := _TAG.match(text, start)) is None:
            return start + 1
        if _SEPARATING.fullmatch(name):
            return Span(start, match.end(), "html") if self._in_markup(start) else match.end()
        if text[start + 1] == "/":
            return Span(start, match.end(), "html") if name in _RAW else match.end()
        if name in self._absent:
            return Span(start, match.end(), "html") if name in _RAW else match.end()
        closing = re.compile(rf"</{name}\s{{0,20}}>", re.IGNORECASE).search(text, match.end())
        if closing is None:
            self._absent.add(name)
            return match.end()
        if name in _RAW_IF_LONG and text.find("\n", start, closing.end()) < 0:
            return closing.end()
        return Span(start, closing.end(), "html" if name in ("svg", "math") else "code")

    def _in_markup(self, start: int) -> bool:
        """Does the line begin with a tag? A tag that a sentence mentions must not cut it in two."""
        window = max(0, start - 2000)
        line_start = self._text.rfind("\n", window, start) + 1
        if not line_start and window:
            return True
        return self._text[start - 1 : start] == ">" or _MARKUP.match(self._text, line_start) is not None

    def _up_to(self, start: int, closing: str, kind: str) -> Span | int:
        if closing in self._absent:
            return start + 1
        end = self._text.find(closing, start)
        if end < 0:
            self._absent.add(closing)
            return start + 1
        return Span(start, end + len(closing), kind)


def _environments(text: str) -> dict[int, int]:
    """Start of each \\begin{x} -> end of the \\end{x} that closes it."""
    pairs: dict[int, int] = {}
    stack: list[tuple[str, int]] = []
    waiting: dict[str, int] = {}
    for match in _ENVIRONMENT.finditer(text):
        name = match[2]
        if match[1] == "begin":
            stack.append((name, match.start()))
            waiting[name] = waiting.get(name, 0) + 1
        elif waiting.get(name):
            while stack:
                opened, start = stack.pop()
                waiting[opened] -= 1
                if opened == name:
                    pairs[start] = match.end()
                    break
    return pairs
