"""A reading of answers that scores what they say: our own rules, beside the published ones, never mixed with them.

Texts are compared without vowel marks, in one form of digits and spelling; a rate of edits counts characters; an
answer is found in a sentence. Every rule says whether the answer passes.
"""

import re
from collections.abc import Callable
from pathlib import Path

from factory.evaluate.camel.letters import ARABIC, LATIN
from factory.text import yaml
from factory.text.arabic import normalize, unmarked

_WORDS = yaml.load(Path(__file__).with_name("words.yaml").read_text("utf-8"))
YES, NO = ({normalize(word) for word in _WORDS[kind]} for kind in ("yes", "no"))
NUMBERS = {normalize(word): number for number, words in enumerate(_WORDS["numbers"]) for word in words}
_PLACES = {letter: place for letters in (ARABIC, LATIN, LATIN.lower()) for place, letter in enumerate(letters)} | {
    "ا": 0,
    "إ": 0,
}
_LETTER = rf"(?P<letter>[{''.join(_PLACES)}])(?!\w)"
_SAID = re.compile(rf"(?:{'|'.join(_WORDS['answer'])})\W*(?:(?:{'|'.join(_WORDS['is'])})\W+)*{_LETTER}", re.IGNORECASE)
_FIRST = re.compile(rf"^[^\w]*{_LETTER}(?=\s*$|\s*[^\w\s]|\s*\n)")
_MARKED = re.compile(rf"[(\[{{*\"'«“]{_LETTER}(?=[)\]}}*\"'»”])")
_ALONE = re.compile(rf"(?<!\w){_LETTER}")
_WORDS_THEMSELVES = {"a", "A", "I", "i", "و"}  # with another word behind them they are words, not letters
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def chosen(answer: str) -> int | None:
    """Place of the option that an answer chooses, counted from 0; None where it chooses none, or more than one.

    In this order: a letter behind "answer" or "الإجابة", a letter at the start with nothing or a sign behind it,
    letters in brackets or marks, letters that stand alone.

    >>> chosen("الإجابة: ب"), chosen("Because it is red"), chosen("**ب**"), chosen("الجواب الصحيح هو (ج) لأن")
    (1, None, 1, 2)
    """
    text = unmarked(answer).strip()
    for pattern in (_SAID, _FIRST):
        if (found := pattern.search(text)) and not _is_word(found):
            return _PLACES[found["letter"]]
    marked = {_PLACES[found["letter"]] for found in _MARKED.finditer(text)}
    alone = {_PLACES[found["letter"]] for found in _ALONE.finditer(text) if not _is_word(found)}
    places = marked or alone
    return places.pop() if len(places) == 1 else None


def _is_word(found: re.Match[str]) -> bool:
    return found["letter"] in _WORDS_THEMSELVES and re.match(r"\s+\w", found.string[found.end() :]) is not None


def choice(answer: str, right: str) -> bool:
    """Both choose the same option."""
    place = chosen(right)
    return place is not None and chosen(answer) == place


def choice_by_number(answer: str, right: str) -> bool:
    """`choice`; the right one is a number counted from 0."""
    return right.strip().isdecimal() and chosen(answer) == int(right)


def within_words(answer: str, right: str) -> bool:
    """The words of the right answer stand together in the answer."""
    wanted = normalize(right)
    return bool(wanted) and f" {wanted} " in f" {normalize(answer)} "


def yes_no(answer: str, right: str) -> bool:
    """The first yes or no in the answer is the right one; for any other right answer `within_words`.

    >>> yes_no("السلام عليكم", "لا"), yes_no("لا، لا أرى قطة", "لا"), yes_no("صحيح.", "نعم")
    (False, True, True)
    """
    wanted = _says(right)
    return within_words(answer, right) if wanted is None else _says(answer) is wanted


def _says(text: str) -> bool | None:
    for word in normalize(text).split():
        if word in YES or word in NO:
            return word in YES
    return None


def any_listed(answer: str, right: str) -> bool:
    """The words of a listed answer stand together in the answer; the list is as numpy or Python prints it."""
    listed = [single or double for single, double in _QUOTED.findall(right)] or [right]
    return any(within_words(answer, one) for one in listed)


def count(answer: str, right: str) -> bool:
    """The answer states one number, in digits or in words, and it is the right one.

    >>> count("هناك ثلاثة كتب.", "3"), count("۳", "3"), count("3 أو 4", "3")
    (True, True, False)
    """
    return len(stated := _numbers(answer)) == 1 and stated == _numbers(right)


def _numbers(text: str) -> set[int]:
    found = (NUMBERS.get(word, word) for word in normalize(text).split())
    return {int(number) for number in found if isinstance(number, int) or number.isdecimal()}


def letter_or_number(answer: str, right: str) -> bool:
    """`choice` where the right answer is a letter, else `within_words`."""
    is_letter = len(right.strip()) == 1 and right.strip() in _PLACES
    return choice(answer, right) if is_letter else within_words(answer, right)


def edit_rate(answer: str, right: str) -> float:
    """Edits of characters, divided by the characters of the longer text; both without vowel marks, digits in one form.

    >>> edit_rate("سلم", "سَلام"), edit_rate("", "")
    (0.25, 0.0)
    """
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.normalized_distance(_spaced(answer), _spaced(right))


def _spaced(text: str) -> str:
    return " ".join(unmarked(text).split())


def edit(limit: float) -> Callable[[str, str], bool]:
    """At most this `edit_rate`."""
    return lambda answer, right: edit_rate(answer, right) <= limit


RULES: dict[str, Callable[[str, str], bool]] = {
    "choice": choice,
    "choice_by_number": choice_by_number,
    "equal": within_words,
    "contains": yes_no,
    "yes_no": yes_no,
    "any_listed": any_listed,
    "count": count,
    "letter_or_number": letter_or_number,
    "judged": within_words,
}
