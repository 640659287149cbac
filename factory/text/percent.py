"""Per cent signs and words: is a number that is a share in the source one in the translation?"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from factory.text.arabic import fold
from factory.text.column import DIGIT, Texts
from factory.text.language_codes import language_of
from factory.text.language_table import is_arabic
from factory.text.numbers import ascii_digits, plain_number

# Beginnings of the words, of Arabic after `fold`; as professional translations (FLORES-200 devtest) have them.
WORDS = {
    "en": ("percent", "per cent"),
    "ar": ("الميه", "المايه", "بالميه", "بالمايه", "للميه"),
    "az": ("faiz",), "bg": ("процент", "на сто"), "bn": ("শতাংশ", "ভাগ"), "bs": ("posto", "procen"),
    "ca": ("per cent", "per ciento"), "ckb": ("سەدا", "لەسەد"), "cs": ("procent",), "da": ("procent", "pct"),
    "de": ("Prozent", "prozent"), "el": ("τοις εκατό", "ποσοστ"), "es": ("por ciento", "por cien"),
    "et": ("protsen",), "fa": ("درصد", "فیصد", "صد"), "fi": ("prosent",), "fil": ("porsyento", "porsiyento"),
    "fr": ("pour cent", "pourcent"), "gu": ("ટકા",), "ha": ("kashi", "kaso", "cikin"), "he": ("אחוז",),
    "hi": ("प्रतिशत", "फ़ीसदी", "फीसदी", "फीसद"), "hr": ("posto", "postot"), "hu": ("százalék",),
    "id": ("persen", "prosen"), "it": ("per cento", "percent"), "ja": ("パーセント",), "kk": ("пайыз",),
    "ko": ("퍼센트", "프로"), "lt": ("procen",), "lv": ("procen",), "mk": ("процен", "отсто"), "mr": ("टक्के", "टक्क"),
    "ms": ("peratus", "persen"), "my": ("ရာခိုင်နှုန်း",), "nb": ("prosent",), "ne": ("प्रतिशत",),
    "nl": ("procent", "percent"), "nn": ("prosent",), "pa": ("ਪ੍ਰਤਿ", "ਪ੍ਰਤੀ", "ਫੀਸਦੀ"), "pl": ("procent", "proc."),
    "ps": ("سلنه", "فیصد"), "pt": ("por cento",), "ro": ("la sută", "procent"), "ru": ("процент",),
    "sk": ("percent",), "sl": ("odstot",), "so": ("boqolkiiba",), "sq": ("përqind", "për qind"),
    "sr": ("посто", "одсто", "процен", "posto", "odsto", "procen"), "sv": ("procent",), "sw": ("asilimia",),
    "ta": ("சதவீத", "சதவிகித", "விழுக்காடு"), "te": ("శాత",), "th": ("เปอร์เซ็น", "ร้อยละ"),
    "tl": ("porsyento", "porsiyento", "bahagdan"),
    "tr": ("yüzde",), "uk": ("відсот", "процент"), "ur": ("فیصد", "فی صد"), "vi": ("phần trăm",),
    "zh": ("百分之", "百分点", "百分點"), "zu": ("phesent",),
}  # fmt: skip
SIGNS = "%٪％﹪"
_NEAR_BEFORE, _NEAR_AFTER = 20, 24  # characters before and behind a number in which its sign or word stands


def percents_lost(source: str, target: str, languages: tuple[str, str]) -> int:
    """How many shares of the source (34 %) are bare numbers in the target; none in languages whose word for it is
    unknown.

    >>> percents_lost("It fell by 34 %.", "Il a baissé de 34.", ("en", "fr"))
    1
    >>> percents_lost("It fell by 34 %.", "Il a baissé de 34 pour cent.", ("en", "fr"))
    0
    """
    before, after = map(_share, languages)
    if before is None or after is None:
        return 0
    shares = {plain_number(found[1]) for found in _after_number(languages[0]).finditer(ascii_digits(source))}
    if not shares:
        return 0
    target = ascii_digits(fold(target) if is_arabic(languages[1]) else target)
    bare: dict[str, bool] = {}
    for number in re.finditer(r"\d+(?:[.,٫٬]\d+)*", target):
        near = target[max(0, number.start() - _NEAR_BEFORE) : number.end() + _NEAR_AFTER]
        value = plain_number(number[0])
        bare[value] = bare.get(value, True) and after.search(near) is None
    return sum(bare.get(share, False) for share in shares)


def may_name_percents(sources: Texts, language: str) -> Any:
    """Which sources name a share: one truth value each."""
    found = sources.have("%")
    for word in (*SIGNS[1:], *WORDS.get(_key(language), ())):
        found |= sources.containing(word)
    return found & sources.have(DIGIT)


def _key(language: str) -> str:
    return "ar" if is_arabic(language) else language_of(language)


@cache
def _share(language: str) -> re.Pattern[str] | None:
    words = WORDS.get(_key(language))
    return re.compile("|".join(map(re.escape, (*SIGNS, *words))), re.IGNORECASE) if words else None


@cache
def _after_number(language: str) -> re.Pattern[str]:
    """A number with its sign or word."""
    words = "|".join(map(re.escape, (*SIGNS, *WORDS.get(_key(language), ()))))
    return re.compile(rf"(\d+(?:[.,٫٬]\d+)*)[\s\u00a0-]?(?:{words})", re.IGNORECASE)
