"""How CAMEL-Bench's own scripts score an answer, oddities included: mbzuai-oryx/Camel-Bench@ec717c5, scripts/utils.py.

A rule takes the model's answer and the right one, both as text. It says whether the answer passes, or None where the
original script stops with an error, so that it has no score for the set at all.
"""

import ast
from collections.abc import Callable

from factory.evaluate.camel.letters import BY_LATIN

LARGEST_EDIT = 1000  # edits that the original counts at most; beyond it has 1001
_EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_YES = "صح"  # counts as نعم where it is the whole answer

Rule = Callable[[str, str], bool | None]


def choice(answer: str, right: str) -> bool | None:
    """The first characters agree, a letter in brackets taken out of them first, Latin letters taken for Arabic ones.

    So what stands first decides: "الإجابة: ب" chooses أ, by its ا.

    >>> choice("B) القاهرة", "ب"), choice("الإجابة: ب", "ب"), choice("", "ب")
    (True, False, None)
    """
    answer, right = answer.strip(), right.strip()
    if not answer or not right:
        return None
    return _letter(answer) == _letter(right)


def _letter(text: str) -> str:
    first = text[1] if len(text) > 2 and text[0] == "(" and text[2] == ")" else text[0]
    return BY_LATIN.get(first, first)


def choice_by_number(answer: str, right: str) -> bool | None:
    """`choice`; the right one is a number counted from 0.

    >>> choice_by_number("ج. ماء", "2")
    True
    """
    try:
        return choice(answer, BY_LATIN[chr(ord("A") + int(right))])
    except (ValueError, KeyError, OverflowError):
        return None


def equal(answer: str, right: str) -> bool:
    """The same text, white space around it aside."""
    return answer.strip() == right.strip()


def contains(answer: str, right: str) -> bool:
    """The right answer is somewhere in the answer, inside words too: لا is in السلام."""
    return right.strip() in answer.strip()


def yes_no(answer: str, right: str) -> bool:
    """`contains`, where صح alone counts as نعم; white space around the right answer has to be there as well."""
    answer = answer.strip()
    return right in ("نعم" if answer == _YES else answer)


def any_listed(answer: str, right: str) -> bool | None:
    """One of the answers of a list, written as numpy prints it (``['نعم' 'لا']``), is somewhere in the answer.

    The original puts a comma after every space, so an answer of several words is looked for with commas in it. A
    right answer that is no list is taken apart into its characters, one of which is enough.
    """
    listed: object = right.strip()
    try:
        ast.literal_eval(right)
        listed = right = right.replace(" ", ", ")
        listed = ast.literal_eval(right)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        listed = right.strip()
    answer = answer.strip()
    if answer == listed:
        return True
    try:
        return any(one in answer for one in listed)  # type: ignore[attr-defined]
    except TypeError:  # a number, alone or in the list
        return None


def count(answer: str, right: str) -> bool:
    """The answer is the number and nothing else; 3 and ٣ are the same, 3., ۳ and ثلاثة are not."""
    return answer.strip().translate(_EASTERN) == right.strip().translate(_EASTERN)


def letter_or_number(answer: str, right: str) -> bool | None:
    """A right answer of one character is the answer's first one, no letter mapped to another; else `contains`."""
    answer, right = answer.strip(), right.strip()
    if len(right) == 1:
        return answer[0] == right if answer else None
    return right.translate(_EASTERN) in answer.translate(_EASTERN)


def edit_rate(answer: str, right: str) -> float | None:
    """Edits between the UTF-8 *bytes* of both, divided by the *characters* of the longer; None where both are empty.

    More edits than the longer has characters, or than 1000, count as one more than that. An Arabic letter is two
    bytes, so a wrong letter may cost two, and few alphabets would give a rate above 1 so easily.

    >>> edit_rate("سلم", "سلام"), edit_rate("slm", "slam")
    (0.5, 0.25)
    """
    from rapidfuzz.distance import Levenshtein

    answer, right = answer.strip(), right.strip()
    longer = max(len(answer), len(right))
    if not longer:
        return None
    most = min(LARGEST_EDIT, longer)
    return Levenshtein.distance(answer.encode(), right.encode(), score_cutoff=most) / longer


def edit(limit: float) -> Rule:
    """At most this `edit_rate`."""

    def within(answer: str, right: str) -> bool | None:
        rate = edit_rate(answer, right)
        return None if rate is None else rate <= limit

    return within


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (choice, choice_by_number, equal, contains, yes_no, any_listed, count, letter_or_number)
}
