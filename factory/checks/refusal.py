from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.arabic import fold, without_marks

HEAD = 240  # characters at the beginning in which a model speaks of itself instead of translating

# What a model says before it translates, in place of it, or about it. Arabic after `fold`.
PREFACES = (
    r"(?:sure|certainly|of course|okay|ok)?[,.!:]?\s*(?:here(?:'s| is| are)|below is)\b.{0,40}translat",
    r"(?:the )?(?:arabic )?translation(?: (?:in|to|into) \w+)?(?: is)?\s*:",
    r"translat(?:ed|ing) (?:text|to|into|from)\b",
    r"(?:بالتاكيد|بالطبع|حسنا|طبعا)?[،,.!:]?\s*(?:اليك|اليكم|هذه هي|هذه|فيما يلي|فيما ياتي|هنا)\s.{0,30}?(?:ال)?ترجمه",
    r"(?:ال)?ترجمه(?:\s\S+){0,4}\s*:",
    r"(?:النص|الجمله)\s+المترجمه?\b",
)
REFUSALS = (
    r"\b(?:i am|i'm) (?:sorry|unable|not able|afraid)\b",
    r"\bi (?:can ?not|can't|won't|am not able to) (?:translate|help|assist|provide|fulfil|comply)",
    r"\bas an? (?:ai|artificial intelligence|language model|large language model)\b",
    r"\b(?:لا استطيع|لا يمكنني|لست قادرا علي|لا اقدر علي|لن اتمكن من)\s+(?:ان\s+)?"
    r"(?:ترجم|اترجم|مساعد|اساعد|تقديم|اقدم|تلبيه|الرد|تنفيذ)",
    r"\b(?:بصفتي|باعتباري|بوصفي|كوني|انا|انني)\s+(?:مجرد\s+)?(?:نموذج|مساعد\s+ذكاء|ذكاء)",
    r"\bك(?:نموذج\s+لغ|ذكاء\s+اصطناع|مساعد\s+ذكاء)",
    r"(?:^|[.،]\s*)(?:عذرا|اعتذر|اسف)\b.{0,30}(?:لا|لن|لم)\s",
)
_PREFACE = re.compile("|".join(PREFACES), re.IGNORECASE)
_REFUSAL = re.compile("|".join(REFUSALS), re.IGNORECASE)
# A text that has none of these cannot match: looking for them is far cheaper than the regexes.
_HINTS = ("translat", "sorry", "unable", "able to", "afraid", "can", "won't", "as a", "ترجم", "نموذج", "ذكاء", "عذر")
_HINTS += ("عتذر", "سف", "ستطيع", "يمكنني", "لست", "قدر", "تمكن")


class Refusal(Check):
    """1 where the text opens with a refusal or with talk about the translation, in English or Arabic; else 0.

    A source that opens in such a way itself excuses its translation. Looks at the first 240 characters.
    """

    direction: ClassVar[Literal["min", "max"]] = "max"

    max: float = Field(0, ge=0, le=1)

    def score(self, source: str | None, target: str) -> float:
        if not speaks_of_itself(target):
            return 0.0
        return 0.0 if source is not None and speaks_of_itself(source) else 1.0


def speaks_of_itself(text: str) -> bool:
    head = without_marks(text[:HEAD]).lower()
    if not any(hint in head for hint in _HINTS):
        return False
    head = fold(head.lstrip(" \t\n*\"'«“#-"))
    return _PREFACE.match(head) is not None or _REFUSAL.search(head) is not None
