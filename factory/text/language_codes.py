"""Codes of languages (BCP 47), as CLDR and ISO 639 know them."""

from __future__ import annotations

from functools import cache

from factory.errors import UsageError


@cache
def language_of(code: str) -> str:
    """The language of a code alone, in the one form that CLDR prefers; the code's first part where it is no code.

    >>> language_of("ar-EG"), language_of("arb_Arab"), language_of("zho_Hant"), language_of("nob")
    ('ar', 'ar', 'zh', 'nb')
    """
    return _parts(code)[0]


@cache
def script_of_code(code: str) -> str | None:
    """ISO 15924 code of the script that a language is written with: as the code says, else as CLDR expects; None
    where CLDR knows no such language.

    >>> script_of_code("sr"), script_of_code("sr-Latn"), script_of_code("zh-TW"), script_of_code("xx")
    ('Cyrl', 'Latn', 'Hant', None)
    """
    from babel.core import get_global

    language, script, territory = _parts(code)
    if script:
        return script
    likely = get_global("likely_subtags")
    found = (territory and likely.get(f"{language}_{territory}")) or likely.get(language)
    return found.split("_")[1] if found else None


def names_script(code: str) -> bool:
    return _parts(code)[1] is not None


def require_known(code: str) -> None:
    """Raises UsageError where the code names no language of ISO 639."""
    from langcodes import Language, LanguageTagError

    try:
        known = Language.get(code).is_valid()
    except LanguageTagError:
        known = False
    if not known:
        raise UsageError(
            f"{code!r} is no language code", fix="one of ISO 639, with a script or region: en, ar, zh-Hans"
        )


@cache
def _parts(code: str) -> tuple[str, str | None, str | None]:
    from langcodes import Language, LanguageTagError, standardize_tag

    try:
        tag = Language.get(standardize_tag(code, macro=True))
    except LanguageTagError:
        return code.lower().replace("_", "-").split("-")[0], None, None
    return tag.language or "und", tag.script, tag.territory
