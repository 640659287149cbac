"""Numbers of two texts compared: in digits of any script, in groups, scaled (4.5 million), or spelled out."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from factory.text.arabic import fold
from factory.text.cldr import scale_words
from factory.text.column import BEYOND, DIGIT, Texts, categories
from factory.text.language_table import is_arabic, writes_digits
from factory.text.scripts import PLANE

_NUMBER = re.compile(r"\d+(?:[.,٫٬]\d+)*")
_DECADE = re.compile(r"\b(\d{1,2})?(\d\d)(?:'s|’s|s)\b")  # a translation names the decade or the century
_DIGIT = re.compile(r"\d")
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_LETTER = re.compile(r"(?<=[^\s\d.,:/(-])[౦೦൦၀](?!\d)")  # zeros that are typed for the letters they look like
_SEPARATORS = [*map(ord, ".,٫٬")]
_SEPARATOR = re.compile(f"[{''.join(map(chr, _SEPARATORS))}]")
_GROUP = re.compile(r"(?<![\d.,])\d{1,3}(?:(?:[ \u00a0\u2009\u202f'’]|\{,\}|\\,)\d{3})+(?!\d)")  # 17 500
_SPAN = re.compile(r"(?<![\d.,])(\d\d)(\d\d)\s?[-–/]\s?(\d\d)(?![\d.,]*\d)")  # 2010–11
_WIDE_COMMA = re.compile(r"(?<=\d)[،，](?=\d)")  # between thousands or before decimals; in lists, too
_ROMAN = re.compile(
    r"(?<![\w'’-])(?=[IVXLCM]{2,}|[VX])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?=(?:e|ème|º|ª)?(?![\w'’]))"
)
_VULGAR = {ord("¼"): ".25", ord("½"): ".5", ord("¾"): ".75"}
_DATE = re.compile(r"(?<![\d.])(\d{1,2})\.\s?(\d{1,2})\.(?!\d{1,3}(?!\d))")  # 17.9.1939
_PAGES = re.compile(r"(?<![\d.,])(?=(\d\d\d))(\d)\d\d[-–](\d\d)(?![\d.,]*\d)")  # 120-25
_CENTURY = re.compile(r"\b(\w+)(?= century)", re.IGNORECASE)
_ORDINALS = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
]  # fmt: skip
BUDDHIST = 543  # years by which Thai dates are later
_FRACTION = re.compile(r"(?<![\d/])\d/(?=\d(?![\d/]))")  # 1/2: a half
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ENDS_IN_S, _ENDS_IN_DIGIT = re.compile(r"\d['’]?s"), re.compile(r"[A-Za-z]\d")  # what the two need, seen at once
_IN_NAME = re.compile(r"(?<![\w-])[A-Za-z]+\d+[A-Za-z\d]*")
_AFTERNOON = re.compile(
    r"(?<![\d:.])(\d{1,2})(?=(?:[:.]\d\d)?(?:\s?[-–]\s?\d{1,2}(?:[:.]\d\d)?)?\s?p\.?m\b)", re.IGNORECASE
)
_FULL_HOUR = re.compile(
    r"(?<![\d:.,])(\d{1,2})(?:[:.]00(?!\d)|(?<=\d\d)00(?=\s?(?:GMT|UTC|[ECMP][SD]T|hours)\b))", re.IGNORECASE
)
# Units that are converted for readers who do not measure so, and how much metres, kilometres … go to one.
_UNITS = {
    "feet": 0.3048, "foot": 0.3048, "ft": 0.3048, "yard": 0.9144, "inch": 2.54, "mile": 1.609, "mi": 1.609,
    "mph": 1.609,    "pound": 0.4536, "lb": 0.4536, "ounce": 28.35, "oz": 28.35, "gallon": 3.785, "acre": 0.4047,
}  # fmt: skip
_IMPERIAL = re.compile(
    r"(\d[\d.,]*)(?:[\s-](?:to|and|or|by|x|-|–)[\s-]\d[\d.,]*)?[\s-]?"
    rf"({'|'.join(_UNITS)}|(?:degrees )?fahrenheit|° ?F)(?:e?s)?\b",
    re.IGNORECASE,
)
ANY = 1000  # numbers that may be spelled out where nobody can tell
MAX_SPELLED = 2  # digits of the longest number that may be written in words instead
CENTURIES = 21
ROUNDED = 0.12  # how far a converted number may be off
_ENGLISH = re.compile(
    r"\b(?:zero|one|once|two|twice|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty"
    r"|forty|fifty|sixty"
    r"|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half|halves|first|second|thirds?|quarters?|couple|triple|binary"
    r"|(?:hundred|thousand|million|billion|\w+tie|\w+teen|four|fif|six|seven|eigh|nin|ten|eleven|twelf)ths?"
    r"|both|single|pair|double)\b",
)
# Stems after `fold`, found anywhere in a word: the conjunctions, articles and endings of Arabic are written onto it.
_ARABIC = re.compile(
    "واحد|احد|احدي|اثن|ثلاث|ثلث|اربع|ربع|خمس|ست[ةهو ]|سته|ستين|ستون|سبع|ثمان|تسع|عشر|عاشر|مائ|ماي|مئ|مي[هت]|الف"
    "|الاف|مليون|ملايين|مليار"
    "|نصف|صفر|اول|ثاني|ثالث|رابع|خامس|سادس|سابع|ثامن|تاسع|يناير|فبراير|مارس|ابريل|مايو|يونيو|يوليو|اغسطس|سبتمبر"
    "|اكتوبر|نوفمبر|ديسمبر"
)
_CHINESE = re.compile("[一二三四五六七八九十兩两]+[百千萬万億亿]")
_DUAL = re.compile(r"\w(?:ان|ين)\b")
_LARGE = re.compile("مائ|ماي[هت]|مئ|مي[هت]|الف|الاف|مليون|ملايين|مليار|hundred|thousand|million|billion")
_MONTH = re.compile(r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)", re.IGNORECASE)


@lru_cache(maxsize=16)  # of one pair the same readings are compared in several ways
def numbers(text: str) -> Counter[str]:
    """The numbers that are written in digits, as ASCII digits without separators: 1,000 and ١٠٠٠ are the same.

    >>> numbers("٣٫١٤ and 1,000")
    Counter({'314': 1, '1000': 1})
    """
    return Counter(map(plain_number, _NUMBER.findall(ascii_digits(text))))


def plain_number(number: str) -> str:
    """A number in ASCII digits without what separates them."""
    return _SEPARATOR.sub("", number).lstrip("0") or "0"


def ascii_digits(text: str) -> str:
    """The text with digits of every script as ASCII ones.

    >>> ascii_digits("၂၀၀၅ and ٣")
    '2005 and 3'
    """
    return text if _OTHER_DIGIT.search(text) is None else _LETTER.sub(" ", text).translate(_DIGITS)


class _Digits(dict[int, int]):
    def __missing__(self, point: int) -> int:
        found = self[point] = ord("0") + unicodedata.decimal(chr(point), point - ord("0"))
        return found


_DIGITS = _Digits()


def _runs(text: str) -> Counter[str]:
    """The same with every separator ending a number: ``[0,1]`` against ``[0، 1]``, 08:30."""
    return Counter(run.lstrip("0") or "0" for run in re.findall(r"\d+", text))


def numbers_overlap(source: str, target: str, languages: tuple[str, str] = ("en", "ar")) -> float:
    """Dice coefficient of two texts' numbers; 1.0 where both have none. Half of it where some are lost while others
    are new: a number was changed.

    Numbers of at most two digits are excused where the other text spells one out, or names a month; longer ones where
    it has words like hundred or million. Of languages whose number words are not known here (all but English and
    Arabic) any word may be one. Decades (the 1960s) are left out; 3 p.m. may become 15, 45 million 4500 万, 20 feet
    6 metres, the 17th century 1600-talet, XLIX 49, 1998-99 1998-1999, 50,000 50،000, and a year one of the Buddhist
    calendar.

    >>> numbers_overlap("In 1995 I had 3 cats", "في ١٩٩٥ كان لدي ثلاث قطط")
    1.0
    >>> numbers_overlap("From 1995 to 1998", "من 1995 إلى 1989")
    0.25
    """
    if _DIGIT.search(source) is None and _DIGIT.search(target) is None:
        return 1.0
    source, target = (_plain_forms(text) for text in (source, target))
    before, after = numbers(source), numbers(target)
    if before == after:
        return 1.0
    if decades := _ENDS_IN_S.search(source) and _DECADE.findall(source):
        source = _DECADE.sub(" ", source)
        for century, decade in decades:
            target = re.sub(rf"(?<!\d)(?:{century})?{decade}(?!\d)", " ", target, count=1)
            if century:  # the sixties of the 20th century
                target = re.sub(rf"(?<!\d){int(century) + 1}(?!\d)", " ", target, count=1)
    # CO2 and its like have names in the translation.
    if _ENDS_IN_DIGIT.search(source) and _IN_NAME.search(source) and not _IN_NAME.search(target):
        source = _IN_NAME.sub(" ", source)
    best, known = 0.0, set[tuple[frozenset[tuple[str, int]], ...]]()
    for pair in _readings(source, target, languages):
        if (key := tuple(frozenset(reading.items()) for reading in pair)) in known:
            continue
        known.add(key)
        best = max(best, _overlap(*pair, source, target, languages))
        if best == 1.0:
            break
    return best


def _plain_forms(text: str) -> str:
    """Digits, groups of thousands, spans of years and fractions in one form each."""
    text = _SPAN.sub(_span, _GROUP.sub(_joined, ascii_digits(text)))
    return text.translate(_VULGAR) if any(map(text.__contains__, "¼½¾")) else text


def _joined(group: re.Match[str]) -> str:
    return "".join(filter(str.isdecimal, group[0]))


def _span(years: re.Match[str]) -> str:
    """Both years in full: 1998-99, 1999-00."""
    first, century, last = years[0][:4], int(years[1]), years[3]
    return f"{first}-{century + (last < years[2]):02d}{last}"


def _ordinal(word: re.Match[str]) -> str:
    return str(_ORDINALS.index(word[0].lower()) + 1) if word[0].lower() in _ORDINALS else word[0]


def _arabic_numeral(roman: re.Match[str]) -> str:
    values = [*map(_ROMAN_DIGITS.__getitem__, roman[0])]
    return str(sum(-value if value < max(values[place:]) else value for place, value in enumerate(values)))


# What else may be read as numbers, and as which.
_FORMS: list[tuple[re.Pattern[str], Any]] = [
    (_WIDE_COMMA, ","),
    (_ROMAN, _arabic_numeral),
    (_FRACTION, ""),
    (_DATE, r"\1 \2 "),
    (_CENTURY, _ordinal),
    (_PAGES, r"\1-\2\3"),
]


def _readings(source: str, target: str, languages: tuple[str, str]) -> Iterator[tuple[Counter[str], Counter[str]]]:
    """The numbers of both texts as they may be meant."""
    for before, after in _forms(source, target):
        yield numbers(before), numbers(after)
        yield numbers(_scaled(before, languages[0])), numbers(_scaled(after, languages[1]))
    source, target = (_FULL_HOUR.sub(r"\1", text) for text in (source, target))
    for text in (source, _AFTERNOON.sub(lambda hour: str(int(hour[1]) % 12 + 12), source)):
        before, after = _runs(text), _runs(target)
        if before.total() == after.total() or text is not source:  # 3.5 is not 3
            yield before, after


def _forms(source: str, target: str) -> Iterator[tuple[str, str]]:
    """Both texts as they are, and with any of `_FORMS` put in their place; one after the other, as most are not
    needed."""
    pairs = {(source, target): None}
    yield source, target
    for pattern, meant in _FORMS:
        new = {(pattern.sub(meant, a), pattern.sub(meant, b)): None for a, b in pairs}
        yield from (pair for pair in new if pair not in pairs)
        pairs |= new


def _scaled(text: str, language: str) -> str:
    """The text with ``4.5 million`` as 4500000."""
    pattern, scales = _scale_pattern(language)
    if pattern is None:
        return text
    return pattern.sub(lambda found: f" {round(_value(found[1]) * scales[found[2]])} ", fold(text).casefold())


@cache
def _scale_pattern(language: str) -> tuple[re.Pattern[str] | None, dict[str, int]]:
    scales = {fold(word): scale for word, scale in scale_words(language).items()}
    words = "|".join(map(re.escape, sorted(scales, key=len, reverse=True)))
    return re.compile(rf"({_NUMBER.pattern})[ \u00a0-]?({words})") if words else None, scales


def _value(number: str) -> float:
    """A last group of three digits is one of thousands, any other stands behind the decimal point."""
    *whole, last = _SEPARATOR.split(number)
    return float("".join([*whole, last]) if len(last) == 3 or not whole else f"{''.join(whole)}.{last}")


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
    """Every digit of all texts by its value, the last of a number marked; the text that each belongs to."""
    import numpy as np

    places = texts.places(DIGIT)
    separated = np.isin(texts.points[places + 1], _SEPARATORS) & texts.beside(places, 2, DIGIT)
    last = ~(texts.beside(places, 1, DIGIT) | separated)
    return _decimals().take(texts.points[places]) * 2 + last, texts.row_of(places)


@cache
def _decimals() -> Any:
    import numpy as np

    table = np.zeros(PLANE, np.uint32)
    for point in np.flatnonzero(categories() == "Nd").tolist():
        table[point] = unicodedata.decimal(chr(point))
    return table


def _overlap(before: Counter[str], after: Counter[str], source: str, target: str, languages: tuple[str, str]) -> float:
    lost, added = before - after, after - before
    if lost and added:
        lost, added = _unconverted(lost, added, source, target)
    changed = min(lost.total(), added.total())  # one number for another: none of them is spelled out
    if lost.total() > changed:
        spelled, large = _spelled(target, languages[1])
        if "2" in lost and _DUAL.search(fold(target)):
            lost = lost - Counter({"2": 1})
        lost = _unexcused(lost, min(spelled, lost.total() - changed), large)
    if added.total() > changed:
        spelled, large = _spelled(source, languages[0])
        spelled += added["1"]  # a week is 1週間
        added = _unexcused(added, min(spelled + len(_MONTH.findall(source)), added.total() - changed), large)
    shared = 2 * (before & after).total()
    size = shared + lost.total() + added.total()
    share = shared / size if size else 1.0
    return share / 2 if lost and added else share


@lru_cache(maxsize=4)  # of one pair several readings are compared
def _spelled(text: str, language: str) -> tuple[int, int]:
    """How many numbers of at most two digits, and how many longer ones, the text may spell out."""
    if language.startswith("en") or is_arabic(language):
        folded = fold(text)
        arabic = 0 if folded.isascii() else len(_ARABIC.findall(folded))
        return arabic + len(_ENGLISH.findall(text.lower())), len(_LARGE.findall(folded))
    return ANY, len(_CHINESE.findall(text)) if writes_digits(language) else ANY


def _unconverted(
    lost: Counter[str], added: Counter[str], source: str, target: str
) -> tuple[Counter[str], Counter[str]]:
    """Without numbers of feet, miles and so on that became metres, years of the Buddhist calendar, and centuries named
    by their years."""
    lost, added = lost.copy(), added.copy()
    metric = {plain_number(number): _value(number) for number in _NUMBER.findall(target)}
    for number, unit in _IMPERIAL.findall(source):
        old, size = plain_number(number), _metric(_value(number.rstrip(".,")), unit.lower())
        new = next((new for new in added if new in metric and abs(metric[new] - size) <= ROUNDED * abs(size)), "")
        if lost[old] > 0 and added[new] > 0:
            lost[old] -= 1
            added[new] -= 1
    for old in map(int, [*lost]):
        for new in [f"{old - 1}00"] if old <= CENTURIES else [str(old + BUDDHIST)]:
            if lost[str(old)] > 0 and added[new] > 0:
                lost[str(old)] -= 1
                added[new] -= 1
    return +lost, +added


def _metric(value: float, unit: str) -> float:
    return value * _UNITS[unit] if unit in _UNITS else (value - 32) / 1.8


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
