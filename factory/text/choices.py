"""The letter of the choice that a text names as the answer: "Answer: B", "الإجابة: ب"."""

from __future__ import annotations

import re

# The letters that lists of choices are marked with, in order, in the scripts that have their own.
ALPHABETS = (
    "ABCDEFGHIJ", "أبجدهوزحطي", "ابجدهوزحطي", "АБВГДЕЖЗИК", "ΑΒΓΔΕΖΗΘΙΚ", "אבגדהוזחטי", "कखगघङ", "अबसद",
    "কখগঘঙ", "กขคง", "アイウエオ", "가나다라마", "甲乙丙丁戊",
)  # fmt: skip
_PLACES: dict[str, set[int]] = {}
for _alphabet in ALPHABETS:
    for _place, _letter in enumerate(_alphabet):
        _PLACES.setdefault(_letter.casefold(), set()).add(_place)
_CLOSED = r"[\s*)\]\"'”».。।]*$"
_LETTER = rf"(?<![^\W_])([{''.join(ALPHABETS)}A-Ja-j])ـ?{_CLOSED}"
_NAMED = re.compile(rf"^[^\n]*?[^\W\d_]{{2}}[^\n:：]*[:：][\s*(\[\"'“«]*{_LETTER}", re.MULTILINE)
_SAID = re.compile(
    rf"^[^\n]*?\b(?:answer|option|choice|solution|alternative|correct)\b[^\n]*?{_LETTER}", re.MULTILINE | re.IGNORECASE
)
_ENDS = re.compile(rf"^[^\n]*?[^\W\d_]{{2}}[^\n]*?{_LETTER}", re.MULTILINE)
_MAY_NAME = re.compile(rf"[A-Ja-j]{_CLOSED}")
LONGEST = 100  # characters of a line that names an answer


def names_another(source: str, target: str) -> bool:
    """Do both texts name choices as answers, and not the same ones?

    >>> names_another("Answer: B", "الإجابة: C"), names_another("The answer is (B).", "الإجابة هي (ب).")
    (True, False)
    """
    named = _places(_NAMED, source) or _places(_SAID, source)
    if not named:
        return False
    found = _places(_NAMED, target) or _places(_ENDS, target)
    return len(named) == len(found) and any(map(set.isdisjoint, named, found))


def _places(pattern: re.Pattern[str], text: str) -> list[set[int]]:
    return [_PLACES[match[1].casefold()] for match in pattern.finditer(text) if len(match[0]) <= LONGEST]


def may_name(source: str) -> bool:
    """Does the last line end in a letter of a choice? `source` has no white space at its end."""
    return _MAY_NAME.search(source[-6:]) is not None
