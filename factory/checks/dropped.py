from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import EXPECTED, Check
from factory.text.alignment import lost
from factory.text.column import MARK, Texts, mask
from factory.text.language_table import expected_ratio, writes_stops
from factory.text.punctuation import a_class, asking_marks, sentence_ends
from factory.text.scripts import scripts_of

_BEFORE_SPACE = mask(".!?\"')]*")  # what a sentence can end with before white space
SPARING = 0.87  # less than a usual translation has
FULL, SEVERAL, LONG = 0.93, 3, 80  # share of the usual characters; sentences, characters of a line that are aligned
_SMALL = {"Latn": "a-zß-öø-ÿ", "Cyrl": "а-џ", "Grek": "ά-ώ"}
_LINE = re.compile(r"\S[^\n]*(?:\n|$)")
# Between lines of a paragraph that was wrapped at a column.
_WRAPPED = re.compile(r"(?<=[^\n]{39}[^\n.!?:;…|])[ \t]*\n(?=[ \t]*[a-z(])")


class Dropped(Check):
    """How complete the translation is: 1 where it has as many lines as the source, and as many sentences or as much
    text.

    The smallest of four scores. Lines that are not blank, those of a wrapped paragraph as one: (target + 0.5) /
    (source + 0.5), at most 1. Lines that have no counterpart where lines are put beside each other by their lengths
    (Gale and Church, 1993): 1 / (1 + lost). Sentences of a source that has several: the geometric mean of (target /
    source) in sentences and in characters (of which `expected` are looked for per character of source, `SPARING` times
    as many as usual), each at most 1; 1 where no characters are missing: a translator may join sentences, one who
    drops a passage loses both. Where all became one question, as word problems do, characters alone count, without the
    square root. Sentences of a line with `SEVERAL`, of which less than `FULL` of the usual characters came over, put
    beside each other as lines are, unless they were merged into half as many or cut into more. In languages that write
    no full stops characters alone count.

    Price of the last: of 450 clean documents of three to five sentences on one line (FLORES-200) 1 is rejected in
    Arabic, none in French, 12 in Chinese; of 500 questions of MMLU 2, one of them rightly. About 1 µs a short pair.
    """

    version: ClassVar[int] = 7
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True

    min: float = Field(0.65, ge=0, le=1)
    expected: float | None = Field(None, gt=0, description=EXPECTED)
    language: str | None = Field(None, description="default: the recipe's target language")

    def measure(self, source: str | None, target: str) -> float:
        source, target = (source or "").strip(), target.strip()
        worst = 1.0
        if "\n" in source:
            before, after = ([*map(len, _LINE.findall(_WRAPPED.sub(" ", text)))] for text in (source, target))
            if len(after) < len(before):
                worst = min((len(after) + 0.5) / (len(before) + 0.5), 1 / (1 + lost(before, after, self._expected)))
        # Whatever was joined, nothing is missing from a text of full length.
        length = len(target) / (len(source) * self._expected) if len(source) > 40 else 1.0
        if length < 1 and (before := len(_source().findall(source)) + 1) > 1:
            language = self.language or "en"
            after = len(_target(language).findall(target)) + 1 if writes_stops(language) else before
            joined = after == 1 and target[-1:] in asking_marks(language)  # givens and question in one sentence
            worst = min(worst, length if joined else (min(1.0, after / before) * length) ** 0.5)
        return min(worst, self._sentences(source.split("\n"), target.split("\n")))

    def _sentences(self, source: list[str], target: list[str]) -> float:
        """1 / (1 + lost) of the line that lost most sentences; 1 where lines are no counterparts."""
        language = self.language or "en"
        if len(source) != len(target) or not writes_stops(language):
            return 1.0
        most, expected = 0, self.expected or 1.0
        for before, after in zip(source, target, strict=True):
            if len(before) >= LONG and len(after) < FULL * expected * len(before):
                ours, theirs = _lengths(_source(), before), _lengths(_target(language), after)
                alike = SEVERAL <= len(ours) < 2 * len(theirs) <= 2 * len(ours)
                if alike and not self._question_first(before, after):
                    most = max(most, lost(ours, theirs, expected))
        return 1 / (1 + most)

    def _question_first(self, source: str, target: str) -> bool:
        """Does the source end in a question and the translation not, as where it begins with that?"""
        last, marks = target.rstrip()[-1:], asking_marks(self.language or "en")
        return source.rstrip()[-1:] in asking_marks("en") and last not in marks

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        before, after = sources.stripped_lengths, targets.stripped_lengths
        short = (before > 40) & (after < before * FULL * (self.expected or 1.0) * (1 + 1e-9))
        return sources.have("\n") | (short & (sources.have(MARK) | sources.follows(_BEFORE_SPACE, " \t")))

    @property
    def _expected(self) -> float:
        return SPARING * (self.expected or 1.0)

    def in_language(self, target: str, source: str | None = None) -> Check:
        expecting = self.expecting(expected_ratio(source or "en", target))
        return expecting.model_copy(update={"language": self.language or target})


def _lengths(between: re.Pattern[str], line: str) -> list[int]:
    """Characters of each sentence, with what follows it."""
    ends = [*(match.end() for match in between.finditer(line)), len(line)]
    return [end - start for start, end in pairwise([0, *ends])]


@cache
def _source() -> re.Pattern[str]:
    """What stands between sentences of one line. Initials and titles (U.S., Dr.) have no two small letters or digits
    before their dot, nor two capitals as at the end of NASA.; marks beyond ASCII need neither that nor white space.
    Begins with a plain set of characters, which `re` looks for much faster than for anything else."""
    wide = a_class(sentence_ends() - {*".!?…"})
    before = r"(?:(?:[^\W_A-Z]|[)%])(?:[^\W_A-Z]|[)%'\"”’])|[A-Z][A-Z)])"
    return re.compile(
        rf"[.!?…{wide}](?:(?<={before}[.!?…])|(?<=[?!{wide}]))(?:(?<={before})[.!?…]|[?!{wide}])*[\"'”»’)\]*]*"
        rf"(?:[ \t]+(?=[^\sa-z])|(?<=[{wide}])(?=\S))"
    )


@cache
def _target(language: str) -> re.Pattern[str]:
    """The same for translations, with colons and half stops; no small letter of the language's script begins one."""
    wide = a_class(sentence_ends() - {*".!?…"})
    small = "".join(_SMALL.get(script, "") for script in scripts_of(language))
    return re.compile(rf"[.!?…:؛{wide}][.!?…:؛{wide}]*[\"'”»’)\]*]*(?:[ \t]+|(?<=[{wide}]))(?=[^\s{small}])")
