"""Codes of languages (BCP 47), as CLDR and ISO 639 know them."""

from __future__ import annotations

import re
from functools import cache

from factory.errors import UsageError

_NO_LANGUAGE = re.compile("und|mul|zxx|mis|q[a-t][a-z]")


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


@cache
def is_known(code: str) -> bool:
    """Does the code name one language of ISO 639? Those for several, for none and for local use (qaa) do not."""
    from langcodes import Language, LanguageTagError

    try:
        language = Language.get(code)
    except LanguageTagError:
        return False
    return language.is_valid() and language.language is not None and not _NO_LANGUAGE.fullmatch(language.language)


@cache
def iso_639(code: str) -> str:
    """The language of a known code alone, by two letters where it has them, in its present form.

    >>> iso_639("pt-BR"), iso_639("zh-Hans"), iso_639("arb"), iso_639("iw"), iso_639("eng")
    ('pt', 'zh', 'arb', 'he', 'en')
    """
    from langcodes import Language

    return Language.get(code).language or code


@cache
def code_named(name: str) -> str | None:
    """The code of a language that is called so in English or in itself, by CLDR; None where none is.

    >>> code_named("Arabic"), code_named("العربية"), code_named("brazilian portuguese"), code_named("Arab")
    ('ar', 'ar', 'pt-BR', None)
    """
    from babel import Locale
    from babel.localedata import locale_identifiers

    wanted = name.strip().casefold()
    names = {called.casefold(): code for code, called in Locale("en").languages.items()}
    own = (code for code in locale_identifiers() if "_" not in code and _own_name(code) == wanted)
    found = (names.get(wanted) or next(own, None)) if wanted else None
    code = found and found.replace("_", "-")
    return code if code and is_known(code) else None


def _own_name(code: str) -> str:
    from babel import Locale

    return (Locale(code).languages.get(code) or "").casefold()


def same_language(one: str, other: str) -> bool:
    """The same language in the same script, whatever the region.

    >>> same_language("en", "en-GB"), same_language("sr-Latn", "sr-Cyrl")
    (True, False)
    """
    return (language_of(one), script_of_code(one)) == (language_of(other), script_of_code(other))


def require_known(code: str) -> None:
    """Raises UsageError where the code names no language."""
    if not is_known(code):
        fix = code_named(code) or "one of ISO 639, with a script or region: en, ar, zh-Hans"
        raise UsageError(f"{code!r} is no language code", fix=fix)


def require_pair(source: str, target: str) -> None:
    """Raises UsageError where one of the codes names no language, or both the same in the same script."""
    require_known(source)
    require_known(target)
    if same_language(source, target):
        raise UsageError(f"{source} and {target} are one language", fix="name those of source and translation")


@cache
def _parts(code: str) -> tuple[str, str | None, str | None]:
    from langcodes import Language, LanguageTagError, standardize_tag

    try:
        tag = Language.get(standardize_tag(code, macro=True))
    except LanguageTagError:
        return code.lower().replace("_", "-").split("-")[0], None, None
    return tag.language or "und", tag.script, tag.territory
