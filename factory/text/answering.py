"""Signs that a text answers what it should translate. The words are English (asking) and Arabic (asking, folded)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from factory.text.arabic import fold
from factory.text.choices import may_name, names_another
from factory.text.language_table import expected_ratio, is_arabic, writes_question_marks
from factory.text.punctuation import a_class, asking_marks, sentence_ends

# An Arabic question without its mark begins with one of the first, or has one of the second anywhere.
_INTERROGATIVE = re.compile(
    r"^\W*(?:[وف]?(?:ما|من|اي|ايه|كم|بماذا|بكم|لمن|مم|علام|الام|هلا|الا|ايهما|ايهم|ايمكن|الم|اليس|فيم|عم|لم"
    r"|ا[نتي]\w+|[بلك]اي|في اي|من اي|الي اي|علي اي|في ما|فيما|ما))(?=\W|$)"
    r"|(?:^|\W)[وف]?(?:هل|ماذا|لماذا|كيف|متي|اين)(?=\W|$)"
)
_IMPERATIVE = re.compile(
    r"^\W*(?:please |kindly |now |then |next,? )?(?:write|describe|explain|list|name|give|create|generate"
    r"|identify|summari[sz]e|suggest|rewrite|design|compare"
    r"|construct|classify|calculate|compose|categori[sz]e|analy[sz]e|brainstorm|convert|select|choose|develop"
    r"|rank|formulate|paraphrase|define|outline"
    r"|predict|sort(?! of)|propose|provide|discuss|evaluate|imagine|draft|state|mention|arrange|compute|recommend"
    r"|tell (?:me|us)|prepare|solve|invent|estimate)\b",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"(?:^|\W)[وفل]?(?:علم|شكل|صغ|"
    r"اكتب|كتاب|صف|وصف|اشرح|شرح|وضح|توضيح|عدد|اذكر|ذكر|سم|تسمي|اعط|اعطاء|انشي|انشاء|ولد|توليد|حدد"
    r"|تحديد|لخص|تلخيص|اقترح|اقتراح|اعد|اعاد|صمم|تصميم|قارن|مقارن|كون|تكوين|صنف|تصنيف|احسب|حساب|الف"
    r"|تاليف|حلل|تحليل|حول|تحويل|اختر|اختيار|اختار|طور|تطوير|رتب|ترتيب|صغ|صياغ|عرف|تعريف|توقع|تنبا|قدم"
    r"|تقديم|ناقش|مناقش|قيم|تقييم|تخيل|تصور|اوجد|ايجاد|قم|قومي|قوموا|يرجي|الرجاء|رجاء|من فضلك|فضلا|جهز"
    r"|حضر|حل|ابتكر|اخترع|قدر|ابن|ضع|اجمع|جمع|استخرج|بين|علل|اخبر|قل|حدث|عبر|ارسم|اضف|احك|ادرج|سرد"
    r"|اسرد|انظم|نظم|فكر|استخدم|هات|افرز|فرز|اعرض|زود|امنح|استعرض|اصنع|طرح|اطرح|افترض|تحدث|تكلم|انتج"
    r"|اعد|سجل|انسخ|خمن|فسر|تفسير|ابحث|اوص|نصح|انصح|تناول|لنفترض|نفذ|احصر"
    r")"
)
# An answer below the question, in the last line.
_BELOW = re.compile(
    r"(?:^|\n)\W*(?:the )?(?:correct )?(?:answer|solution|ال(?:اجابه|جواب|حل))"
    r"(?: (?:is|الصحيحه?|هو|هي|النموذجيه)){0,2}"
    r"(?:\s?[:؛(]|[^\n]{1,60}$)[^\n]*$",
    re.IGNORECASE,
)
_ANSWERS = re.compile(r"answer|solution|respon|repl", re.IGNORECASE)
MUCH_LONGER = 2.0
SHORT = 400  # characters of a source that is one instruction or question
BEGINNING = 60


@dataclass(frozen=True)
class Languages:
    """The two languages, and characters of translation for one of the source."""

    source: str
    target: str
    expected: float


@cache
def languages(source: str, target: str) -> Languages:
    return Languages(source, target, expected_ratio(source, target))


def answered(source: str, target: str, pair: Languages) -> float:
    """How likely `target` answers `source` in place of translating it, from 0 to 1; the signs: see `checks.answered`.

    >>> answered("What is the capital of France?", "عاصمة فرنسا هي باريس.", languages("en", "ar"))
    1.0
    """
    source, target = source.strip(), target.strip()
    if names_another(source, target):
        return 1.0
    if "\n" in target and not _ANSWERS.search(source) and _BELOW.search(fold(target[target.rindex("\n") :])):
        return 0.9
    arabic = is_arabic(pair.target)
    asks = _asks(source, pair.source)
    unmarked = asks and writes_question_marks(pair.target) and asking_marks(pair.target).isdisjoint(target)
    if unmarked and not (arabic and _INTERROGATIVE.search(fold(target))):
        return 1.0
    imperative = _demands(source)
    if not (asks or imperative) or len(source) >= SHORT:
        return 0.0
    long = len(target) > 40 + MUCH_LONGER * pair.expected * len(source)
    if long and len(_sentence().findall(target)) > len(_sentence().findall(source)):
        return 0.8
    if imperative and arabic and target and not _ASKING.search(fold(target[:BEGINNING])):
        return 0.75
    return 0.0


def may_be_answered(source: str, target: str, language: str) -> bool:
    """Does the source ask or demand something, or name an answer, or has the translation several lines? `answered` is
    0 for all others. Both are without white space at their ends; `language` is the source's."""
    return "\n" in target or _asks(source, language) or _demands(source) or may_name(source)


def _asks(source: str, language: str) -> bool:
    return source.rstrip("\"'”’»」』)* ")[-1:] in asking_marks(language)


@cache
def _sentence() -> re.Pattern[str]:
    wide = a_class(sentence_ends() - {*".!?…"})
    return re.compile(rf"[.!?…](?:\s|$)|[{wide}]|\n")


def _demands(source: str) -> bool:
    return len(source) < SHORT and _IMPERATIVE.match(source) is not None
