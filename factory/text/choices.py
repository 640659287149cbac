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
_NAMED = re.compile(rf"(?<![^\W_])([{''.join(ALPHABETS)}A-Ja-j])ـ?[\s*)\]\"'”».。]*$")  # at the end of a line
_CLOSING = "ـ*)]\"'”».。 \t\n"
_LABEL = re.compile(r"[^\W\d_]{2}[^:：]*[:：][\s*(\[\"'“«]*$")
_SAYS = re.compile(r"\b(?:answer|option|choice|solution|alternative|correct)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2}")
LONGEST = 100  # characters of a line that names an answer
_TAIL = 10  # characters at its end with the letter


def names_another(source: str, target: str) -> bool:
    """Do both texts name choices as answers, and not the same ones?

    >>> names_another("Answer: B", "الإجابة: C"), names_another("The answer is (B).", "الإجابة هي (ب).")
    (True, False)
    """
    before = _ends(source)
    after = _ends(target) if before else []
    for label, other in ((_LABEL, _LABEL), (_LABEL, _WORD), (_SAYS, _LABEL), (_SAYS, _WORD)):
        named, found = (
            [place for line, place in ends if kind.search(line)] for kind, ends in ((label, before), (other, after))
        )
        if named and found:
            return len(named) == len(found) and any(map(set.isdisjoint, named, found))
    return False


def _ends(text: str) -> list[tuple[str, set[int]]]:
    """Lines that end in the letter of a choice: what stands before it, and its places in the alphabets."""
    lines = (line for line in text.split("\n") if len(line) <= LONGEST)
    found = ((line, _NAMED.search(line, max(0, len(line) - _TAIL))) for line in lines)
    return [(line[: match.start()], _PLACES[match[1].casefold()]) for line, match in found if match]


def may_name(source: str) -> bool:
    """Does the last line end in a letter of a choice? `source` has no white space at its end."""
    before = source.rstrip(_CLOSING)[-2:-1]  # of a letter that stands alone: nothing, or none
    return not before.isalpha() and _NAMED.search(source, max(0, len(source) - _TAIL)) is not None
