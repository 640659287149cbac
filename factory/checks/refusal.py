from __future__ import annotations

import re
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.arabic import fold
from factory.text.column import Texts
from factory.text.phrases import Phrases, required
from factory.text.prompts import may_be_labelled, remarks, words

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
    r"(?:option|version|alternative) (?:1|one|a)\s*[:\n(*]",
    r"(?:الخيار|الترجمه|البديل|الصيغه) (?:ال)?(?:اولي?|1)\s*[:\n(*]",
    r"(?:here are|there are) .{0,20}(?:options|ways|versions|translations|alternatives)",
    r"(?:اليك|فيما يلي|هناك|توجد|هذه) (?:بعض|عده|عدد من|مجموعه من|ثلاثه|اربعه|خمسه) (?:من )?(?:ال)?(?:خيارات"
    r"|ترجمات|بدايل|احتمالات|صيغ ل|طرق ل)",
    r"(?:يمكن|تمكن) (?:ان [تي])?ترجم",
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
# Talk about the translation anywhere at the beginning or the end; a source that has no such word says nothing of it.
ABOUT = (
    r"ترجم(?!ان)",  # but for a spokesman
    r"translat(?:e|ed|ing|ion|or)",
    r"(?:باللغه|الي اللغه) العربيه|بالعربيه\s?[:،]",
    r"\b(?:in|to|into) arabic\b",
    r"(?:^|\n)\W*(?:(?:arabic|english|العربيه|الانجليزيه)\s?:|(?:ar|en):)",
)
_EXCUSES = {  # what a source has that does so itself, in other words than the patterns know
    "mention": re.compile(
        r"translat|interpret|subtitl|render|version|dub|arab|biograph|turn\w* into|reflect|becom|ترجم|عرب",
        re.IGNORECASE,
    ),
    "note": re.compile(
        r"\bnot(?:e|ic)|remark|observ|comment|expla|interpret|clari|alternativ|literal|option"
        r"|any (?:\w+ )?questions?|anything else|feel free|hesitat|let (?:me|us) know",
        re.IGNORECASE,
    ),
    "refusal": re.compile(
        r"\bcan(?:not|['’]t| not| only)\b|unable|could(?:n['’]t| not)|sorry|excuse me|pardon|apolog", re.I
    ),
}
# Talk after the translation.
POSTFACES = (
    r"(?:\n|[(\[])\W*(?:notes?|notice|observations?|remarks?|ملاحظه|ملحوظه|ملاحظات)\b(?! ان)",
    r"^\W*(?:notes?|ملاحظه|ملحوظه|ملاحظات)\W*:",
    r"(?:^|\n)\W*(?:شرح|تفسير|توضيح|بديل|تعليق|explanation|literal(?:ly)?|alternative(?:ly)?|comment)\b.{0,30}:",
    r"(?:^|\n)\W*(?:لا تتردد|لا تترددي|لا تترددوا|feel free|don't hesitate)",
    r"(?:اذا كان|ان كان|اذا كانت) لديك (?:اي|اي من) (?:اسيله|اسءله|استفسار|سؤال|سوال|استفسارات)",
    r"(?:^|\n)\W*(?:المعني|الترجمه) (?:ال)?(?:حرفي|حرفيه|اخر)",
    r"(?:امل|اتمني|ارجو) ان تكون (?:هذه )?(?:ال)?ترجمه",
    r"هل (?:تحتاج|تريد|ترغب|تود).{0,25}(?:مساعده|شيء|ترجمه) (?:اخري|اخر)",
    r"(?:let me know if|i hope this (?:helps|translation)|would you like me to)\b",
    r"(?:^|\n)\W*(?:او:|او :|or:|or :)\s",
    r"(?:اخبرني|اعلمني) (?:اذا|ان) (?:اردت|كنت|رغبت)",
    r"\((?:رسمي|غير رسمي|formal|informal)\)",
)


class Refusal(Check):
    """1 where the text refuses, or talks about the translation before or after it, in English or Arabic; else 0:
    "Here is the translation", "Option 1", a line of the prompt, "I hope this translation helps". In some 30 languages
    also where a label stands in front of it ("Result:"), or an instruction below ("Answer in English").

    Where a word of translating is all there is, there must be a source that has none. A source that speaks so itself
    excuses its translation, one that speaks of notes excuses what reads like a note. Looks at the first 240 and the
    last 240 characters. Patterns are our own, from what models were seen to say. Limit: none. FLORES-200 devtest: 0 of
    1,012; about 3 µs a pair.
    """

    version: ClassVar[int] = 6
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0

    max: float = Field(0, ge=0, le=1)
    languages: list[str] | None = Field(None, min_length=2, max_length=2, description="default: those of the recipe")

    def measure(self, source: str | None, target: str) -> float:
        said = speaks_of_itself(target)
        if source:
            said |= remarks(source, target, self._languages)
        if not said:
            return 0.0
        if source is None:
            return float(bool(said - {"mention"}))
        said -= {kind for kind, excuse in _EXCUSES.items() if excuse.search(source)}
        return float(bool(said and said - speaks_of_itself(source)))

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        if (targets.lengths > 4 * HEAD).any():  # only the ends are looked at
            targets = Texts([f"{text[:HEAD]}\0{text[-HEAD:]}" if len(text) > 2 * HEAD else text for text in targets])
        lowered, theirs = Texts([*map(str.lower, targets.folded)]), _prompts(self._languages)
        found = theirs.groups(lowered)
        asks = theirs.has(found, "asking") & theirs.has(found, "polite", "languages")
        own = _signs().found(lowered, "own")
        return own | theirs.has(found, "translating") | asks | may_be_labelled(sources, targets)

    @property
    def _languages(self) -> tuple[str, str]:
        source, target = self.languages or ("en", "ar")
        return source, target

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.languages else self.model_copy(update={"languages": [source or "en", target]})


@cache
def _prompts(languages: tuple[str, str]) -> Phrases:
    """The strings without which there are no `remarks`."""
    return Phrases(words(languages[1], *languages).stems)


@cache
def _signs() -> Phrases:
    """The strings without which none of the patterns matches."""
    return Phrases({"own": _strings()})


@cache
def _strings() -> frozenset[str]:
    return frozenset().union(
        *(strings for kind in (PREFACES, REFUSALS, POSTFACES, ABOUT) for strings, _ in _rules(kind))
    )


@cache
def _rules(patterns: tuple[str, ...]) -> list[tuple[frozenset[str], re.Pattern[str]]]:
    """Each pattern with the strings of which a match holds one."""
    return [(required(pattern), re.compile(pattern, re.IGNORECASE)) for pattern in patterns]


def speaks_of_itself(text: str) -> set[str]:
    """Which of ``refusal``, ``translation`` and ``note`` (on it) the text's beginning and end are; ``mention`` where a
    word of translating is all there is."""
    head = fold(text[:HEAD]).lower()
    tail = head if len(text) <= HEAD else fold(text[-HEAD:]).lower()
    begins = head.lstrip(" \t\n*\"'«“#-")
    found: set[str] = set()
    if not (met := _signs().strings(f"{head}\0{tail}")):
        return found
    if _holds(PREFACES, met, begins, re.Pattern.match):
        found.add("translation")
    if _holds(POSTFACES, met, tail):
        found.add("note")
    if _holds(REFUSALS, met, begins):
        found.add("refusal")
    if _holds(ABOUT, met, head) or _holds(ABOUT, met, tail):
        found.add("mention")
    return found


def _holds(patterns: tuple[str, ...], met: set[str], text: str, look: Any = re.Pattern.search) -> bool:
    """Does one of the patterns match, of those of whose strings some are there?"""
    return any(not met.isdisjoint(strings) and look(pattern, text) for strings, pattern in _rules(patterns))
