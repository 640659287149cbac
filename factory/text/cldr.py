"""What CLDR knows of a language, through Babel."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from factory.text.language_codes import language_of, script_of_code
from factory.text.language_table import is_arabic

if TYPE_CHECKING:
    from babel import Locale


@cache
def locale(code: str) -> Locale | None:
    """CLDR's locale of a language in its script, Arabic's for varieties that have none; None where there is none."""
    from babel import Locale, localedata

    language, script = language_of(code), script_of_code(code)
    names = [f"{language}_{script}", language, *(["ar"] if is_arabic(code) else [])]
    name = next(filter(localedata.exists, names), None)
    return Locale.parse(name) if name else None


@cache
def scale_words(code: str) -> dict[str, int]:
    """Words that multiply the number before them, in small letters, from compact formats: ``{"million": 10**6, …}``.

    Of several words for one number all are given; short ones (M, bn) are left out.
    """
    found = locale(code)
    words: dict[str, int] = {}
    for formats in (found.compact_decimal_formats.get("long", {}) if found else {}).values():
        for number, pattern in formats.items():
            digits = pattern.pattern.count("0")
            word = pattern.pattern.replace("0", "").replace("'", "").strip(" \u00a0\u200f\u200e.").casefold()
            if word and digits:
                words[word] = int(number) // 10 ** (digits - 1)
    return words
