"""Numbers of two texts compared: in ASCII or Arabic digits, grouped in thousands, or spelled out."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from factory.text.arabic import DIGITS, fold
from factory.text.column import BEYOND, DIGIT, Texts

_NUMBER = re.compile(r"\d+(?:[.,٫٬]\d+)*")
_DECADE = re.compile(r"\b\d{2,4}(?:'s|’s|s)\b")  # a translation names the decade or the century
_DIGIT = re.compile(r"\d")
_SEPARATOR = re.compile(r"[.,٫٬]")
MAX_SPELLED = 2  # digits of the longest number that may be written in words instead

_ENGLISH = re.compile(
    r"\b(?:zero|one|once|two|twice|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty"
    r"|forty|fifty|sixty"
    r"|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half|first|second|third|\w+th"
    r"|both|single|pair|double)\b",
    re.IGNORECASE,
)
# Stems after `fold`, found anywhere in a word: the conjunctions, articles and endings of Arabic are written onto it.
_ARABIC = re.compile(
    "واحد|احد|احدي|اثن|ثلاث|ثلث|اربع|ربع|خمس|ست[ةهو ]|سته|ستين|ستون|سبع|ثمان|تسع|عشر|عاشر|مائ|ماي|مئ|مي[هت]|الف"
    "|الاف|مليون|ملايين|مليار"
    "|نصف|صفر|اول|ثاني|ثالث|رابع|خامس|سادس|سابع|ثامن|تاسع|يناير|فبراير|مارس|ابريل|مايو|يونيو|يوليو|اغسطس|سبتمبر"
    "|اكتوبر|نوفمبر|ديسمبر"
    "|\\w(?:ان|ين|تان|تين)\\b"  # the dual
)
_LARGE = re.compile("مائ|ماي[هت]|مئ|مي[هت]|الف|الاف|مليون|ملايين|مليار")
_MONTH = re.compile(r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)", re.IGNORECASE)


def numbers(text: str) -> Counter[str]:
    """The numbers that are written in digits, as ASCII digits without separators: 1,000 and ١٠٠٠ are the same.

    >>> numbers("٣٫١٤ and 1,000")
    Counter({'314': 1, '1000': 1})
    """
    return Counter(_SEPARATOR.sub("", match).translate(DIGITS) for match in _NUMBER.findall(text))


def _runs(text: str) -> Counter[str]:
    """The same with every separator ending a number: an interval [0,1] against ``[0، 1]``."""
    return Counter(run.translate(DIGITS) for run in re.findall(r"\d+", text))


def numbers_overlap(source: str, target: str) -> float:
    """Dice coefficient of two texts' numbers; 1.0 where both have none.

    Numbers of at most two digits are excused where the other text spells one out, or names a month; longer ones where
    the translation has words like hundred or million. Decades (the 1960s) are left out.

    >>> numbers_overlap("In 1995 I had 3 cats", "في ١٩٩٥ كان لدي ثلاث قطط")
    1.0
    """
    if _DIGIT.search(source) is None and _DIGIT.search(target) is None:
        return 1.0
    if _NUMBER.findall(source) == _NUMBER.findall(target):
        return 1.0
    before, after = numbers(source), numbers(target)
    if before == after:
        return 1.0
    if decades := _DECADE.findall(source):
        source = _DECADE.sub(" ", source)
        for decade in decades:
            target = target.replace(decade.rstrip("s'’"), " ", 1)
        before, after = numbers(source), numbers(target)
    if before == after:
        return 1.0
    grouped = _overlap(before, after, source, target)
    return grouped if grouped == 1.0 else max(grouped, _overlap(_runs(source), _runs(target), source, target))


def same_digits(sources: Texts, targets: Texts) -> Any:
    """Which texts have the same numbers as their translations, in the same order, or none: one truth value for each.

    >>> same_digits(Texts(["1,000 in 1995", "a", "7"]), Texts(["١٠٠٠ في 1995", "b", "8"])).tolist()
    [True, True, False]
    """
    import numpy as np

    theirs, their_rows = _digits(sources)
    ours, our_rows = _digits(targets)
    counts = [np.bincount(rows, minlength=len(sources)) for rows in (their_rows, our_rows)]
    same = (counts[0] == counts[1]) & ~sources.have(BEYOND) & ~targets.have(BEYOND)
    rows = their_rows[same[their_rows]]
    same[rows[theirs[same[their_rows]] != ours[same[our_rows]]]] = False
    return same


def _digits(texts: Texts) -> tuple[Any, Any]:
    """Every digit of all texts as its ASCII form, the last of a number marked; the text that each belongs to."""
    import numpy as np

    digit = texts.at(DIGIT)
    separator = texts.at(".,") | (texts.points == ord("٫")) | (texts.points == ord("٬"))
    number = digit.copy()
    number[1:-1] |= separator[1:-1] & digit[:-2] & digit[2:]
    places = np.flatnonzero(digit)
    last = ~np.append(number[1:], False)[places]
    points = texts.points[places].astype(np.uint32)
    for first in ("٠", "۰"):
        points = np.where((points >= ord(first)) & (points < ord(first) + 10), points - ord(first) + ord("0"), points)
    return points * 2 + last, np.searchsorted(texts.starts, places, side="right") - 1


def _overlap(before: Counter[str], after: Counter[str], source: str, target: str) -> float:
    lost, added = before - after, after - before
    if lost:
        folded = fold(target)
        lost = _unexcused(
            lost, len(_ARABIC.findall(folded)) + len(_ENGLISH.findall(target)), len(_LARGE.findall(folded))
        )
    if added:
        spelled = len(_ENGLISH.findall(source)) + len(_MONTH.findall(source))
        added = _unexcused(added, spelled + len(_ARABIC.findall(fold(source))), 0)
    shared = 2 * (before & after).total()
    size = shared + lost.total() + added.total()
    return shared / size if size else 1.0


def _unexcused(numbers: Counter[str], spelled: int, large: int) -> Counter[str]:
    rest: Counter[str] = Counter()
    for number, count in numbers.items():
        if len(number) <= MAX_SPELLED:
            excused = min(count, spelled)
            spelled -= excused
        else:
            excused = min(count, large)
            large -= excused
        rest[number] = count - excused
    return +rest
