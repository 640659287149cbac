"""Does a translation say something again that its source says once: a paragraph, a line, a sentence, or all of it?"""

from __future__ import annotations

import re
from collections import Counter

from factory.text.language_table import expected_ratio
from factory.text.punctuation import between_sentences

SHORT, LONG = 8, 25  # letters for which English needs so many: of what may come again by chance; of what never does
_NO_LETTERS = re.compile(r"[\W_]+")


def says_again(source: str, target: str, language: str) -> bool:
    """Does a line or a sentence of the target come again, or all of it, more often than in the source?

    Two different ones may have the same translation: short ones count only where the target has more of them than the
    source.

    >>> says_again("It rains. Come in.", "Il pleut. Entre. Il pleut.", "fr"), says_again("Bye bye", "Bye bye", "fr")
    (True, False)
    """
    size, ours, theirs = expected_ratio("en", language), _units(target), _units(source)
    if _times(ours) > _times(theirs):
        least = size * (SHORT if len(ours) > len(theirs) else LONG)
        return any(len(unit) >= least for unit, count in Counter(ours).items() if count > 1)
    return _all_again(target, size) and not _all_again(source, 1.0)


def _units(text: str) -> list[str]:
    lines = (between_sentences().split(line) for line in text.split("\n"))
    units = (_NO_LETTERS.sub("", sentence) for line in lines for sentence in line)
    return [unit for unit in units if unit]


def _times(units: list[str]) -> int:
    return len(units) - len({*units})


def _all_again(text: str, size: float) -> bool:
    letters = _NO_LETTERS.sub("", text)
    return len(letters) >= 2 * SHORT * size and any(
        letters[: len(letters) // times] * times == letters for times in (2, 3)
    )
