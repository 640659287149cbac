"""Does a translation say something again that its source says once: a paragraph, a line, a sentence, or all of it?"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any

from factory.text.column import Texts
from factory.text.language_table import expected_ratio
from factory.text.punctuation import a_class, sentence_ends
from factory.text.scripts import PLANE

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


def may_say_again(sources: Texts, targets: Texts, language: str) -> Any:
    """Which targets may say something again, short of three words (for which `trigrams.repeats` looks): they have
    several units, or are much longer than usual."""
    size = expected_ratio("en", language)
    ends = _is_end().take(targets.points)
    several = ends[:-1] & ~ends[1:] & (targets.points[1:] != 0)  # a mark with something behind it
    return targets.rows(several.nonzero()[0]) | (targets.stripped_lengths > MORE * size * sources.stripped_lengths)


def says_trigram_again(text: str) -> bool:
    """Does the text have some three words twice? The same of one text that `trigrams.repeats` says of many."""
    words = text.split()
    return len(words) > 3 and len({*zip(words, words[1:], words[2:], strict=False)}) < len(words) - 2


def _units(text: str, least: float) -> list[str]:
    """Lines and sentences without all but their letters, of at least `least`, where there are several; cut at every
    mark that may end one."""
    units = [unit for unit in _ends().split(text) if len(unit) >= least]
    if len(units) < 2:
        return []  # what is one alone does not come again
    return [letters for unit in units if len(letters := _NO_LETTERS.sub("", unit)) >= least]


@cache
def _is_end() -> Any:
    """Which code points of the first plane cut units."""
    import numpy as np

    table = np.zeros(PLANE, dtype=bool)
    table[[ord("\n"), *map(ord, sentence_ends())]] = True
    return table


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
