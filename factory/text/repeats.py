"""Does a translation say something again that its source says once: a paragraph, a line, a sentence, or all of it?"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from factory.text.language_table import expected_ratio
from factory.text.punctuation import a_class, sentence_ends

SHORT, LONG = 8, 25  # letters for which English needs so many: of what may come again by chance; of what never does
MORE = 1.4  # times as long as usual: what all comes again is
_NO_LETTERS = re.compile(r"[\W_]+")


def says_again(source: str, target: str, language: str) -> bool:
    """Does a line or a sentence of the target come again, or all of it, more often than in the source?

    Two different ones may have the same translation: short ones count only where the target has more of them than the
    source.

    >>> says_again("It rains now. Go.", "Il pleut déjà. Va. Il pleut déjà.", "fr"), says_again("Bye", "Bye", "fr")
    (True, False)
    """
    size = expected_ratio("en", language)
    ours = _units(target, size * SHORT)
    if _times(ours) and _times(ours) > _times(theirs := _units(source, SHORT)):
        least = size * (SHORT if len(ours) > len(theirs) else LONG)
        return any(len(unit) >= least for unit, count in Counter(ours).items() if count > 1)
    return len(target) > MORE * size * len(source) and _all_again(target, size) and not _all_again(source, 1.0)


def says_trigram_again(text: str) -> bool:
    """Does the text have some three words twice? The same of one text that `trigrams.repeats` says of many."""
    words = text.split()
    return len(words) > 3 and len({*zip(words, words[1:], words[2:], strict=False)}) < len(words) - 2


def _units(text: str, least: float) -> list[str]:
    """Lines and sentences without all but their letters, of at least `least`; cut at every mark that may end one."""
    units = (_NO_LETTERS.sub("", unit) for unit in _ends().split(text) if len(unit) >= least)
    return [unit for unit in units if len(unit) >= least]


@cache
def _ends() -> re.Pattern[str]:
    return re.compile(f"[{a_class(sentence_ends())}\n]+")


def _times(units: list[str]) -> int:
    return len(units) - len({*units})


def _all_again(text: str, size: float) -> bool:
    letters = _NO_LETTERS.sub("", text)
    return len(letters) >= 2 * SHORT * size and any(
        letters[: len(letters) // times] * times == letters for times in (2, 3)
    )
