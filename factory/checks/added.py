from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import EXPECTED, Check
from factory.text.column import Texts
from factory.text.language_table import expected_ratio, splits
from factory.text.names import without_glosses
from factory.text.punctuation import between_sentences
from factory.text.repeats import may_say_again, says_again, says_trigram_again
from factory.text.trigrams import repeats

_HALF_STOP = re.compile(r"[;:]\s")  # a translation may have a full stop there
GENEROUS = 1.04  # more than a usual translation has
AGAIN = 0.5  # the score of a translation that says something again
_SLACK = 5  # characters that a short translation may be longer


class Added(Check):
    """How little the translation has beyond its source: 1 where it has no more lines and sentences, or no more text.

    The geometric mean of (source / target) in sentences and lines, and in characters (of which
    `expected` are looked for per character of source, `GENEROUS` times as many as usual, and more in languages whose
    translators often cut sentences in two), each at most 1; 1 where
    either is: a translator may cut a sentence in two, one who goes on by himself does both. `AGAIN` where a line, a
    sentence or all of it comes again and nothing of the source does. Finds explanations, alternatives, a second
    translation below the first, the beginning of the next text. Under 1 µs a short pair.
    """

    version: ClassVar[int] = 5
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.65, ge=0, le=1)
    expected: float | None = Field(None, gt=0, description=EXPECTED)
    language: str | None = Field(None, description="default: the recipe's target language")

    def measure(self, source: str | None, target: str) -> float:
        source = (source or "").strip()
        target = without_glosses(target.strip(), source)
        usual = len(source) * (self.expected or 1.0)
        length = (usual * GENEROUS + _SLACK) / (len(target) or 1)
        if not source or (len(target) <= usual and not says_trigram_again(target)):
            return 1.0
        if says_again(source, target, self.language or "en"):
            return AGAIN
        if length >= 1:
            return 1.0
        before, after = (len(between_sentences(lines=True).findall(text)) + 1 for text in (source, target))
        units = (before + len(_HALF_STOP.findall(source))) / after
        return (units * length) ** 0.5 if units < 1 else 1.0

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        usual, found = sources.stripped_lengths * (self.expected or 1.0), targets.stripped_lengths
        again = (found > usual) & may_say_again(sources, targets, self.language or "en")
        return (found > usual * GENEROUS + _SLACK) | again | repeats(targets)

    def in_language(self, target: str, source: str | None = None) -> Check:
        expecting = self.expecting(expected_ratio(source or "en", target) * (1 + splits(target)))
        return expecting.model_copy(update={"language": self.language or target})
