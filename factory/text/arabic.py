"""Arabic spelling variants that readers do not tell apart, mapped to one form: for comparing, never for output."""

from __future__ import annotations

import re
import unicodedata

_MARKS = "".join(map(chr, [*range(0x0610, 0x061B), *range(0x064B, 0x0660), 0x0670, *range(0x06D6, 0x06EE)]))
_DELETE = dict.fromkeys(map(ord, _MARKS + "ـ‌‍‎‏"), None)
_FOLD = str.maketrans("أإآٱىئؤةکی", "ااااييوهكي")
DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
FOLDED = {**_DELETE, **_FOLD, **DIGITS}
"""Code point -> what `fold` puts in its place; None: it is left out."""
_FOLDED = re.compile(f"[{''.join(map(chr, FOLDED))}]")
_UNMARKED = {**_DELETE, **DIGITS}
_NOT_WORD = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Without vowel marks, tatweel and direction marks; one form each of alef, ya, waw, ha and kaf; ASCII digits.

    >>> fold("إِلَى ١٢")
    'الي 12'
    """
    return text if _FOLDED.search(text) is None else text.translate(FOLDED)  # to look is far cheaper


def unmarked(text: str) -> str:
    """Without vowel marks, tatweel and direction marks; ASCII digits. The letters are left as they are.

    >>> unmarked("إِلَى ١٢")
    'إلى 12'
    """
    return text.translate(_UNMARKED)


def normalize(text: str) -> str:
    """For finding the same text again: Unicode-compatible form, no case, no Arabic variants, no punctuation.

    >>> normalize("  Hello,   WORLD! أهْلاً")
    'hello world اهلا'
    """
    folded = fold(unicodedata.normalize("NFKC", text)).casefold()
    return _NOT_WORD.sub(" ", folded).strip()
