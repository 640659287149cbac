from __future__ import annotations

import re
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.arabic import fold, without_marks
from factory.text.column import SHIFTING, Texts
from factory.text.phrases import Phrases, required

HEAD = 240  # characters at the beginning in which a model speaks of itself instead of translating

# What a model says before it translates, in place of it, or about it. Arabic after `fold`.
PREFACES = (
    r"(?:sure|certainly|of course|okay|ok)?[,.!:]?\s*(?:here(?:'s| is| are)|below is)\b.{0,40}translat",
    r"(?:the )?(?:arabic )?translation(?: (?:in|to|into) \w+)?(?: is)?\s*:",
    r"translat(?:ed|ing) (?:text|to|into|from)\b",
    r"translate (?:the following|this|from|into|to)\b",
    r"you are an? .{0,30}translator",
    r"(?:english|text|source|arabic|النص|الاصل|العربيه|بالعربيه|الانجليزيه)\s*:",
    r"ترجم (?:النص|الجمله|هذا|هذه|ما يلي|من الانجليزيه)",
    r"(?:انت|انك) مترجم\b",
    r"(?:option|version|alternative) (?:1|one|a)\b",
    r"(?:الخيار|الترجمه|البديل|الصيغه) (?:ال)?(?:اول|1)",
    r"(?:here are|there are) .{0,20}(?:options|ways|versions|translations|alternatives)",
    r"(?:اليك|فيما يلي|هناك|توجد|هذه) (?:بعض|عده|عدد من|مجموعه من|ثلاثه|اربعه|خمسه) (?:من )?(?:ال)?(?:خيارات"
    r"|ترجمات|بدائل|صيغ|طرق|احتمالات)",
    r"(?:يمكن|تمكن) (?:ترجمه|ان (?:ت|ي)ترجم)",
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
    r"\b(?:ليس بامكاني|ليس في وسعي|يتعذر علي|لا يسعني)\b",
    r"\b(?:تزويدي|زودني|ارسال|ادخال|تقديم|ارفاق|مشاركه|توفير) (?:ب)?(?:ال)?نص\b.{0,40}(?:ترجم|$)",
    r"\b(?:لم يتم|لم تقم ب|لا يوجد) (?:تقديم |ادخال |توفير |ارفاق )?(?:اي )?نص\b.{0,20}ترجم",
    r"\b(?:please|could you) (?:provide|share|send|paste) .{0,20}(?:text|sentence|passage)",
)
# Talk about the translation after it.
POSTFACES = (
    r"(?:^|\n)\W*(?:note|notes|ملاحظه|ملحوظه|ملاحظات)\W.{0,80}(?:translat|ترجم|text|النص|كلمه|مصطلح|صياغ)",
    r"(?:امل|اتمني|ارجو) ان تكون (?:هذه )?(?:ال)?ترجمه",
    r"هل (?:تحتاج|تريد|ترغب|تود).{0,25}(?:مساعده|شيء|ترجمه) (?:اخري|اخر)",
    r"(?:let me know if|i hope this (?:helps|translation)|would you like me to)\b",
    r"(?:^|\n)\W*(?:او|or)\s?:\s",
    r"(?:اخبرني|اعلمني) (?:اذا|ان) (?:اردت|كنت|رغبت)",
    r"\((?:رسمي|غير رسمي|formal|informal)\)",
)
_POSTFACE = re.compile("|".join(POSTFACES), re.IGNORECASE)
_PREFACE = re.compile("|".join(PREFACES), re.IGNORECASE)
_REFUSAL = re.compile("|".join(REFUSALS), re.IGNORECASE)
# A text that has none of these cannot match: looking for them is far cheaper than the regexes.
_HINTS = ("translat", "sorry", "unable", "able to", "afraid", "can", "won't", "as a", "ترجم", "نموذج", "ذكاء", "عذر")
_HINTS += (
    "عتذر",
    "سف",
    "ستطيع",
    "يمكنني",
    "لست",
    "قدر",
    "تمكن",
    "خيار",
    "صيغ",
    "بدائل",
    "option",
    "version",
    "altern",
)
_HINTS += ("text", "english:", "arabic:", "source:", "نص", "بامكان", "وسعي", "تعذر", "يسعني", "عربية:", "العربيه")
_AFTER = (
    "note",
    "ملاحظ",
    "ملحوظ",
    "ترجم",
    "let me",
    "hope",
    "would you",
    "خبرني",
    "علمني",
    "هل ت",
    "\nأو",
    "\nاو",
    "or:",
    "رسمي",
    "formal",
)


class Refusal(Check):
    """1 where the text refuses, or talks about the translation before or after it, in English or Arabic; else 0:
    "Here is the translation", "Option 1", a line of the prompt, "I hope this translation helps".

    A source that does so itself excuses its translation. Looks at the first 240 and the last 240 characters. Patterns
    are our own, from what models were seen to say. Limit: none. FLORES-200 devtest: 0 of 1,012; about 3 µs a pair.
    """

    version: ClassVar[int] = 2

    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0

    max: float = Field(0, ge=0, le=1)

    def score(self, source: str | None, target: str) -> float:
        said = speaks_of_itself(target)
        if not said:
            return 0.0
        return 1.0 if source is None or said - speaks_of_itself(source) else 0.0

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        if (targets.lengths > 4 * HEAD).any():  # only the ends are looked at
            targets = Texts([f"{text[:HEAD]}\0{text[-HEAD:]}" if len(text) > 2 * HEAD else text for text in targets])
        found = _signs().groups(list(map(str.lower, targets.folded)))
        has = _signs().has
        speaks = (has(found, "before") & has(found, "head")) | (has(found, "after") & has(found, "tail"))
        return speaks | targets.have(SHIFTING)


@cache
def _signs() -> Phrases:
    """Folded hints, and the strings without which none of the patterns matches."""
    hints = {"before": set(map(fold, _HINTS)), "after": set(map(fold, _AFTER))}
    return Phrases({**hints, "head": required(*PREFACES, *REFUSALS), "tail": required(*POSTFACES)})


def speaks_of_itself(text: str) -> set[str]:
    """Which of ``refusal`` and ``translation`` the text's beginning and end talk about."""
    found: set[str] = set()
    head = without_marks(text[:HEAD]).lower()
    if any(map(head.__contains__, _HINTS)):
        folded = fold(head.lstrip(" \t\n*\"'«“#-"))
        if _PREFACE.match(folded) is not None:
            found.add("translation")
        if _REFUSAL.search(folded) is not None:
            found.add("refusal")
    tail = head if len(text) <= HEAD else without_marks(text[-HEAD:]).lower()
    if any(map(tail.__contains__, _AFTER)) and _POSTFACE.search(fold(tail)) is not None:
        found.add("translation")
    return found
