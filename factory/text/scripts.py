"""Writing systems: which scripts a language is written with (CLDR), and which characters belong to one (Unicode)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

from factory.text.column import Texts, of_categories
from factory.text.language_codes import language_of, names_script, script_of_code
from factory.text.language_table import letters_for_one, scripts_seen

# What ISO 15924 has one code for and Unicode several properties.
_TOGETHER = {
    "Jpan": ("Hira", "Kana", "Hani"),
    "Kore": ("Hang", "Hani"),
    "Hans": ("Hani",),
    "Hant": ("Hani",),
    "Hanb": ("Hani", "Bopo"),
    "Aran": ("Arab",),
}
_LATIN_TOO = {"sr", "shi", "vai"}  # written in Latin letters as well as in those CLDR names first
PLANE = 0x10000  # code points of the first plane; letters beyond it (rare ideographs, historic scripts) count as none


@cache
def scripts_of(language: str) -> tuple[str, ...]:
    """ISO 15924 codes of the scripts that a language is written with: the one its code names, else the one that CLDR
    expects and those of CLDR's other locales and of professional translations. Latin for a code that CLDR does not
    know.

    >>> scripts_of("ar-EG"), scripts_of("ja"), scripts_of("sr"), scripts_of("sr-Cyrl")
    (('Arab',), ('Jpan',), ('Cyrl', 'Latn'), ('Cyrl',))
    """
    from babel.localedata import locale_identifiers

    first = script_of_code(language)
    base = language_of(language)
    if first is None or first != script_of_code(base) or names_script(language):
        return (first or "Latn",)
    parts = (name.split("_") for name in locale_identifiers() if name.startswith(f"{base}_"))
    others = {part[1] for part in parts if len(part) > 1 and len(part[1]) == 4} | scripts_seen(base)
    if base not in _LATIN_TOO:
        others.discard("Latn")  # romanised Hindi is another matter
    return (first, *sorted(others - {first}))


def script_name(script: str) -> str:
    """CLDR's English name of an ISO 15924 code: ``Arabic`` for ``Arab``."""
    from babel import Locale

    return Locale("en").scripts.get(script, script)


@cache
def characters(script: str) -> Any:
    """Which code points of the first plane the script is written with (Unicode's Script_Extensions), with those it
    shares with others, such as digits and commas: a truth value for each.

    Raises:
        ValueError: Unicode has no such script.
    """
    return _with("Script_Extensions", script)


@cache
def letters(script: str) -> Any:
    """Which code points are letters that belong to the script alone (Unicode's Script)."""
    return _with("Script", script) & of_categories("L")


@cache
def shared() -> Any:
    """Which code points belong to no one script: most punctuation, digits, modifiers, vowel marks."""
    return _with("Script", "Zyyy") | _with("Script", "Zinh")


def ranges(script: str) -> tuple[tuple[int, int], ...]:
    """First and last code points of the runs of the script's characters; code points that Unicode has left free
    interrupt none."""
    found: list[list[int]] = []
    for point in characters(script).nonzero()[0].tolist():
        if found and all(unicodedata.category(chr(free)) == "Cn" for free in range(found[-1][1] + 1, point)):
            found[-1][1] = point
        else:
            found.append([point, point])
    return tuple((first, last) for first, last in found)


def _with(prop: str, script: str) -> Any:
    import numpy as np
    import regex

    names = _TOGETHER.get(script, (script,))
    try:
        runs = regex.compile("[" + "".join(rf"\p{{{prop}={name}}}" for name in names) + "]+")
    except regex.error:
        raise ValueError(f"Unicode has no script {script!r}") from None
    found = np.zeros(PLANE, dtype=bool)
    for run in runs.finditer(_first_plane()):
        found[run.start() : run.end()] = True
    return found


@cache
def _first_plane() -> str:
    """Its characters, each at the place of its number."""
    return "".join(map(chr, range(PLANE)))


@cache
def own_letters(language: str) -> Any:
    """Which code points are letters of one of the language's scripts."""
    import numpy as np

    return np.logical_or.reduce([letters(script) for script in scripts_of(language)])


@cache
def _counted(language: str) -> Any:
    """The table of `Texts.counts` for letters of the language's scripts and for all letters."""
    import numpy as np

    every = of_categories("L") & ~shared()
    return (every.astype(np.int64) << 32) | (every & own_letters(language))


def script_shares(texts: Sequence[str], language: str) -> Any:
    """Array: share of each text's letters that belong to the language's scripts; 1.0 for a text without letters.

    All texts are counted in one go, which is many times faster than one by one. Letters that belong to no one script
    (modifiers, lengthening marks) and those beyond the first plane count as none.

    >>> script_shares(["سلام 12, hi", "42"], "ar").tolist()
    [0.6666666666666666, 1.0]
    """
    import numpy as np

    own, every = Texts.of(texts).counts(_counted(language))
    weight = letters_for_one(language)
    return np.where(every > 0, own * weight / np.maximum(every + own * (weight - 1), 1), 1.0)
