from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import LATIN, Texts
from factory.text.lexicon import lexicon
from factory.text.scripts import scripts_of

_LEFT = re.compile(r"(?<![\w./@'’\\$\"“«({<%-])[a-z]{4,}(?![\w/@()’'\"”»}>-]|\.\w)")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SLOT = re.compile(r"\[[^\[\]\n]{1,60}\]|<[^<>\n]{1,60}>|\{[^{}\n]{1,60}\}")  # to be filled in by the reader
RUN = 5  # words
_RUN = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:[\s,;:.()\"]+[A-Za-z][A-Za-z'’-]*){3,}")


class Untranslated(Check):
    """Words of the longest run of words that the translation copied from its source.

    Finds the sentence or clause that was left as it was in the middle of a good translation, which `echo` and `script`
    average away. Words in capitals and names count half: titles and organisations are often left in Latin letters.
    Languages of one script share names and words, but no run of five small ones. In a translation into another script
    than Latin, words of four small letters or more, wherever they stand outside quotation marks and brackets, count
    1.6 each, 5 if they are everyday words, which an Arabic text has no reason to hold. Limit: 4.5. Under 1 µs a text
    without Latin letters.
    """

    version: ClassVar[int] = 6
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0
    compares: ClassVar[bool] = True

    max: float = Field(4.5, ge=0)
    languages: list[str] | None = Field(None, min_length=2, max_length=2, description="default: those of the recipe")

    def measure(self, source: str | None, target: str) -> float:
        if not source:
            return 0.0
        if self._share_script():
            return _copied(source, target)
        if target.isascii() or (_LEFT.search(target) is None and _RUN.search(target) is None):
            return 0.0
        target = _SLOT.sub(lambda slot: " " if slot[0] in source else slot[0], target)
        left = {word for word in _LEFT.findall(target) if word in source}
        longest = sum(5.0 if word in lexicon("en", "ar") else 1.6 for word in left)
        for run in _RUN.findall(target):
            words = run.split()
            if run in source or sum(word in source for word in words) > 0.8 * len(words):
                longest = max(longest, _weight(words))
        return longest

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        if not self._share_script():
            return targets.have(LATIN)
        pairs = zip(map(set, sources.words), targets.words, strict=True)
        return np.fromiter((len(known.intersection(words)) >= RUN - 1 for known, words in pairs), bool, len(targets))

    def _share_script(self) -> bool:
        source, target = self.languages or ("en", "ar")
        return not {*scripts_of(source)}.isdisjoint(scripts_of(target))

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.languages else self.model_copy(update={"languages": [source or "en", target]})


def _copied(source: str, target: str) -> float:
    """Weight of the longest run of at least `RUN` words that both texts have."""
    theirs, ours = _WORD.findall(source), _WORD.findall(target)
    known = {*zip(*(theirs[place:] for place in range(RUN)), strict=False)}
    longest, run = 0.0, 0
    for end in range(RUN, len(ours) + 1):
        run = run + 1 if tuple(ours[end - RUN : end]) in known else 0
        if run:
            longest = max(longest, _weight(ours[end - RUN - run + 1 : end]))
    return longest


def _weight(words: list[str]) -> float:
    """Words, those that are names by half."""
    return sum(1.0 if word.islower() else 0.5 for word in words if len(word) > 2)
