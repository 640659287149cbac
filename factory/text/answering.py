"""Signs that a text answers what it should translate. The words are English (asking) and Arabic (asking, folded)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from factory.text.arabic import fold
from factory.text.choices import may_name, names_another
from factory.text.language_codes import language_of
from factory.text.language_table import expected_ratio, is_arabic, writes_question_marks
from factory.text.punctuation import a_class, asking_marks, sentence_ends

# An Arabic question without its mark begins with one of the first, or has one of the second anywhere.
_INTERROGATIVE = re.compile(
    r"^\W*(?:[وف]?(?:ما|من|اي|ايه|كم|بماذا|بكم|لمن|مم|علام|الام|هلا|الا|ايهما|ايهم|ايمكن|الم|اليس|فيم|عم|لم"
    r"|ا[نتي]\w+|اه(?:ذا|ذه|و|ي|ناك|ولاء)|ا[فو](?:لا|لم|ليس)|[بلك]اي|في اي|من اي|الي اي|علي اي|في ما|فيما|ما))(?=\W|$)"
    r"|(?:^|\W)[وف]?(?:هل|ماذا|لماذا|كيف|متي|اين)(?=\W|$)"
)
_VERBS = (
    r"write|describe|explain|give|create|generate|identify|summari[sz]e|suggest|compare|classify|calculate"
    r"|compose|categori[sz]e|analy[sz]e|brainstorm|choose|develop|formulate|paraphrase|define|predict|propose|provide"
    r"|discuss|evaluate|imagine|arrange|recommend|tell (?:me|us)|prepare|solve|invent"
)
# Nouns as well ("State police …", "List prices …"): these demand something where what follows says so.
_NOUNS = r"list|name|state|design|draft|estimate|sort|select|rank|outline|mention|construct|convert|compute|rewrite"
_DEMANDED = (
    r"the|an?|all|any|some|each|every|th(?:is|at|ese|ose)|my|your|his|her|its|our|their|out|down|at least|up to"
    r"|as many|several|various|different|both|whether|how|what|which|who|why|where|when|other|another|few|more|only"
    r"|possible|one|two|three|four|five|six|seven|eight|nine|ten|\d+"
)
_IMPERATIVE = re.compile(
    rf"^\W*(?:(?:please|kindly) (?:{_VERBS}|{_NOUNS})"
    rf"|(?:now |then |next,? )?(?:(?:{_VERBS})|(?:{_NOUNS}) (?:{_DEMANDED})))"
    r"\b(?=\s|$)(?! of\b)",
    re.IGNORECASE,
)
_BEGINNINGS = frozenset(word[:2] for word in f"{_VERBS}|{_NOUNS}|please|kindly|now|then|next".split("|"))
_ASKING = re.compile(
    r"(?:^|\W)[وفل]?(?:علم|شكل|صغ|"
    r"اكتب|كتاب|صف|وصف|اشرح|شرح|وضح|توضيح|عدد|اذكر|ذكر|سم|تسمي|اعط|اعطاء|انشي|انشاء|ولد|توليد|حدد"
    r"|تحديد|لخص|تلخيص|اقترح|اقتراح|اعد|اعاد|صمم|تصميم|قارن|مقارن|كون|تكوين|صنف|تصنيف|احسب|حساب|الف"
    r"|تاليف|حلل|تحليل|حول|تحويل|اختر|اختيار|اختار|طور|تطوير|رتب|ترتيب|صغ|صياغ|عرف|تعريف|توقع|تنبا|قدم"
    r"|تقديم|ناقش|مناقش|قيم|تقييم|تخيل|تصور|اوجد|ايجاد|قم|قومي|قوموا|يرجي|الرجاء|رجاء|من فضلك|فضلا|جهز"
    r"|حضر|حل|ابتكر|اخترع|قدر|ابن|ضع|اجمع|جمع|استخرج|بين|علل|اخبر|قل|حدث|عبر|ارسم|اضف|احك|ادرج|سرد"
    r"|اسرد|انظم|نظم|فكر|استخدم|هات|افرز|فرز|اعرض|زود|امنح|استعرض|اصنع|طرح|اطرح|افترض|تحدث|تكلم|انتج"
    r"|وفر|توفير|بناء|اعداد|اعد|سجل|انسخ|خمن|فسر|تفسير|ابحث|اوص|نصح|انصح|تناول|لنفترض|نفذ|احصر"
    r")"
)
# Of these, imperatives that are no other word, as the first word but for a "please".
_ARABIC_REQUEST = re.compile(
    r"^\W*(?:(?:من فضلك|فضلا|رجاء)\W+)?(?:(?:يرجي|الرجاء|ارجو)(?=\W)|(?:اكتب|صف|اشرح|اذكر|سم|اعط|احسب|اختر|اوجد|اخبر"
    r"|قل|احك|ارسم|اسرد|هات|وضح|حدد|تخيل|اعرض|استخرج|علل|بيني|عددي|صفي)(?:ي|وا|ني|نا|لي|لنا)?(?=\W))"
    r"|(?:من فضلك|لو سمحت|رجاء)\W*$"
)
_ADVICE = re.compile(r"\bhow (?:do|does|can|should|must|to)\b", re.IGNORECASE)
# What asks for nothing but assent, and may become a statement.
_TAG = re.compile(
    r",\s*(?:(?:will|shall|can|could|would|should|do|does|did|is|are|was|were|has|have|had)(?:n['’]t)? \w+"
    r"|won['’]t \w+|you know|right|okay|ok|huh|eh)\?\W*$",
    re.IGNORECASE,
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
STEM = 4  # letters of a word of `requests.tsv` that stands for all that begin so


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
    marked = not asking_marks(pair.target).isdisjoint(target) or (arabic and _INTERROGATIVE.search(fold(target)))
    if asks and not marked and writes_question_marks(pair.target) and not _asks_otherwise(source, target, pair.target):
        return 1.0
    imperative = _demands(source)
    if not (asks or imperative) or len(source) >= SHORT:
        return 0.0
    long = len(target) > 40 + MUCH_LONGER * pair.expected * len(source)
    if long and len(_sentence().findall(target)) > len(_sentence().findall(source)):
        return 0.8
    if imperative and arabic and target and not marked and not _ASKING.search(fold(target[:BEGINNING])):
        return 0.75
    return 0.0


def may_be_answered(source: str, target: str, language: str) -> bool:
    """Does the source ask or demand something, or name an answer, or has the translation several lines? `answered` is
    0 for all others. Both are without white space at their ends; `language` is the source's."""
    return "\n" in target or _asks(source, language) or _demands(source) or may_name(source)


def _asks(source: str, language: str) -> bool:
    return source.rstrip("\"'”’»」』)* ")[-1:] in asking_marks(language)


def _asks_otherwise(source: str, target: str, language: str) -> bool:
    """Does the translation of a question ask without a mark: as a request, as a sentence to be completed, or for
    assent alone? A request in answer to "How do I …?" is advice."""
    if target.endswith((":", "：", "…", "__")) or _TAG.search(source):
        return True
    request = _request(language)
    return (
        request is not None and _ADVICE.search(source) is None and request.search(fold(target).casefold()) is not None
    )


@cache
def _request(language: str) -> re.Pattern[str] | None:
    """What a request in the language begins or ends with, in small letters; None where it is not known."""
    if is_arabic(language):
        return _ARABIC_REQUEST
    for line in (resources.files("factory.text") / "requests.tsv").read_text(encoding="utf-8").splitlines():
        code, place, words = line.split("\t") if "\t" in line else ("", "", "")
        if code == language_of(language):
            return _at_the_edge(place, fold(words).split(","), spaced=code not in ("zh", "ja", "th"))
    return _IMPERATIVE if language_of(language) == "en" else None


def _at_the_edge(place: str, words: list[str], spaced: bool) -> re.Pattern[str]:
    """Any of the words among the first two or last two of a text; at its very beginning or end without spaces."""
    if not spaced:
        listed = "|".join(map(re.escape, words))
        return re.compile(rf"^\W*(?:{listed})" if place == "begins" else rf"(?:{listed})\W*$")
    listed = "|".join(re.escape(word) + r"\S*" * (len(word) >= STEM) for word in words)
    beginning, end = rf"^\W*(?:\S+\s+)?(?:{listed})(?!\w)", rf"(?<!\w)(?:{listed})(?:\s+\S+)?\W*$"
    return re.compile(beginning if place == "begins" else end)


@cache
def _sentence() -> re.Pattern[str]:
    wide = a_class(sentence_ends() - {*".!?…"})
    return re.compile(rf"[.!?…](?:\s|$)|[{wide}]|\n")


def _demands(source: str) -> bool:
    may = source[:2].lower() in _BEGINNINGS or not source[:1].isalpha()  # much faster to see
    return may and len(source) < SHORT and _IMPERATIVE.match(source) is not None
