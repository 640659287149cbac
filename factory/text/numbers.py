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
_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0](?:ألفا?|آلاف|الف|الاف|thousand)\b")
_IN_NAME = re.compile(r"(?<![\w-])[A-Za-z]+\d+[A-Za-z\d]*")
_AFTERNOON = re.compile(r"(?<![\d:.])(\d{1,2})(?=(?:[:.]\d\d)?\s?p\.?m\b)", re.IGNORECASE)
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
)
_DUAL = re.compile(r"\w(?:ان|ين)\b")
_LARGE = re.compile("مائ|ماي[هت]|مئ|مي[هت]|الف|الاف|مليون|ملايين|مليار")
_MONTH = re.compile(r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)", re.IGNORECASE)


def numbers(text: str) -> Counter[str]:
    """The numbers that are written in digits, as ASCII digits without separators: 1,000 and ١٠٠٠ are the same.

    >>> numbers("٣٫١٤ and 1,000")
    Counter({'314': 1, '1000': 1})
    """
    return Counter(_SEPARATOR.sub("", match).translate(DIGITS) for match in _NUMBER.findall(text))


def _runs(text: str) -> Counter[str]:
    """The same with every separator ending a number, and no zeros before it: ``[0,1]`` against ``[0، 1]``, 08:30."""
    return Counter(run.translate(DIGITS).lstrip("0") or "0" for run in re.findall(r"\d+", text))


def numbers_overlap(source: str, target: str) -> float:
    """Dice coefficient of two texts' numbers; 1.0 where both have none. Half of it where some are lost while others
    are new: a number was changed.

    Numbers of at most two digits are excused where the other text spells one out, or names a month; longer ones where
    the translation has words like hundred or million. Decades (the 1960s) are left out; 3 p.m. may become 15.

    >>> numbers_overlap("In 1995 I had 3 cats", "في ١٩٩٥ كان لدي ثلاث قطط")
    1.0
    >>> numbers_overlap("From 1995 to 1998", "من 1995 إلى 1989")
    0.25
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
    if _THOUSANDS.search(source) or _THOUSANDS.search(target):
        source, target = (_THOUSANDS.sub("000", text) for text in (source, target))
        before, after = numbers(source), numbers(target)
    if _IN_NAME.search(source) and not _IN_NAME.search(target):  # CO2 and its like have names in the translation
        source = _IN_NAME.sub(" ", source)
        before, after = numbers(source), numbers(target)
    grouped = _overlap(before, after, source, target)
    if grouped == 1.0:
        return grouped
    before, after, best = _runs(source), _runs(target), grouped
    if before.total() == after.total():  # 3.5 is not 3
        best = max(best, _overlap(before, after, source, target))
    if best < 1.0 and _AFTERNOON.search(source):
        later = _AFTERNOON.sub(lambda hour: str(int(hour[1]) % 12 + 12), source)
        best = max(best, _overlap(_runs(later), _runs(target), later, target))
    return best


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
    changed = min(lost.total(), added.total())  # one number for another: none of them is spelled out
    if lost.total() > changed:
        folded = fold(target)
        spelled = len(_ARABIC.findall(folded)) + len(_ENGLISH.findall(target))
        if "2" in lost and _DUAL.search(folded):
            lost = lost - Counter({"2": 1})
        lost = _unexcused(lost, min(spelled, lost.total() - changed), len(_LARGE.findall(folded)))
    if added.total() > changed:
        spelled = len(_ENGLISH.findall(source)) + len(_MONTH.findall(source)) + len(_ARABIC.findall(fold(source)))
        added = _unexcused(added, min(spelled, added.total() - changed), 0)
    shared = 2 * (before & after).total()
    size = shared + lost.total() + added.total()
    share = shared / size if size else 1.0
    return share / 2 if lost and added else share


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
