from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.chat import leaked_tokens
from factory.text.column import Texts

# Headings of prompts and roles at the start of a line, thinking tags, sentinels that were not put back.
_HEADING = re.compile(
    r"^[ \t#*]*(?:user|assistant|system|human|ai|instruction|response|input|output|question"
    r"|المستخدم|المساعد|المدخل|السؤال)\s*[*]*\s*[:：]"
    r"|^[ \t]*#{2,4}[ \t]*(?:instruction|response|input|output|system|user|assistant)\b"
    r"|#{2,4}[ \t]*(?:التعليمات|التعليمة|المدخل|المدخلات|الإجابة|الاجابة|الاستجابة|الرد)"
    r"[ \t]*(?:[:：]|$)"
    r"|▁|(?-i:(?<=[a-z.,:;!?])Ġ(?=[a-z]))"  # how tokenizers write a space
    r"|^assistant(?:final|analysis)?\b"  # a role whose tokens were lost
    r"|[<\[◁〈⟨【]/?(?:[a-z]{1,9}[:_ ])*(?:think|thought|reason|reflect|scratchpad|answer|response|translation|output)"
    r"(?:[a-z]{0,4}[:_ ]?[a-z]{0,6})/?[>\]▷〉⟩】]"
    r"|(?-i:\[/?[A-Z]{3,}(?:[_ ][A-Z]+)*\])"  # [END]
    r"|⟦\s*\d+\s*⟧|<x\d+/>",
    re.IGNORECASE | re.MULTILINE,
)
_HINTS = (":", "#", "<", "[", "◁", "〈", "⟨", "【", "⟦", "▁", "Ġ", "assistant")


class ChatTokens(Check):
    """How many special tokens of chat formats, role headings, tags of reasoning and mask sentinels the translation has
    that its source has not: ``<end_of_turn>``, ``<|im_end|>``, ``### Response:``, ``Assistant:``, ``[THINK]``,
    ``◁think▷``.

    Limit: none; a single one ends up in what is trained on. FLORES-200 devtest: 0. Under 1 µs a pair.
    """

    version: ClassVar[int] = 4
    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0

    max: float = Field(0, ge=0)

    def measure(self, source: str | None, target: str) -> float:
        if not any(map(target.__contains__, _HINTS)):
            return 0.0
        count = len(leaked_tokens(source or "", target))
        if found := _HEADING.findall(target):
            count += max(0, len(found) - len(_HEADING.findall(source or "")))
        return float(count)

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        found = targets.have(":#<[")
        for sign in ("◁", "〈", "⟨", "【", "⟦", "▁", "Ġ", "ssistant"):
            found |= targets.containing(sign)
        return found
