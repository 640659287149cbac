from __future__ import annotations

import re
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import SHIFTING, Texts
from factory.text.language_tasks import requires_source_language, signs
from factory.text.phrases import Phrases

_TASK = re.compile(  # a source that asks for something; prose that mentions grammar does not
    r"(?:^|[.!?:\n,][\"'”»)]*\s*|\bthen )[\"'*]*(?:please |kindly |can you |could you )?(?:translate|how|what|which"
    r"|who|why|is|are|can|could|would|do|does|given|here|in"
    r"|using|edit|re-?write|correct|fix|proofread|check|identify|find|add|insert|fill|change|convert|replace"
    r"|make|arrange|re-?arrange|re-?order|un\w+|spell|count"
    r"|generate|create|write|compose|come|name|list|give|provide|return|reply|respond|print|suggest"
    r"|tell|explain|describe|define|classify"
    r"|categori[sz]e|determine|select|choose|pick|sort"
    r"|turn|transform|form|construct|complete|capitali[sz]e|punctuate|conjugate|label|underline|highlight"
    r"|detect|output|rank|use|think|paraphrase|reword"
    r"|summari[sz]e|analy[sz]e|state|rhyme|match|remove|delete|improve|revise|invent|produce|say|look|read"
    r"|combine|order|simplify|put|guess|solve|show)\b",
    re.IGNORECASE,
)
_HINTS = (
    "translat", " say ", "languag", "equivalent", "word", "spell", "spelt", "typo", "gramma", "punctua",
    "proofread", "edit", "capital", "case", "sentence",
    "phrase", "fragment", "splice", "mistake", "error", "jumble", "scrambl", "anagram", "palindrom", "pangram",
    "spooner", "acrostic", "crossword",
    "hangman", "pig latin", "portmanteau", "acronym", "lipogram", "letter", "vowel", "consonant", "syllab",
    "alphabet", "rhym", "alliter", "homo",
    "twister", "limerick", "iambic", "onomato", "pron", "phonetic", " pun", "tense", "particip", "plural",
    "singular", "comparative", "superlative",
    "possessive", "infinitive", "gerund", "conjuga", "agreement", "contraction", "speech", "lexical", "verb",
    "noun", "adjective", "position", "conjunction",
    "interjection", "determiner", "predicate", "fix", "idiom", "clause", "object", "voice", "person", "onym",
    "etymolog", "english", "comma", "apostroph", "semicolon", "hyphen", "many", "charact", "string", "copy",
)  # fmt: skip
LONGEST = 600  # characters of a source that may be an instruction; a long answer that mentions rhymes is no task


class LanguageTask(Check):
    """How far the source is a task about its own language, which a translation spoils: spelling, rhymes, "translate
    into German". 1 for what makes no sense in translation, 0.8 for grammar, 0.5 for what may pass, 0 for the rest.

    The signs are those of `factory.text.language_tasks`, looked for in sources of at most 600 characters. Limit: 0.7
    lets synonyms and voices pass. About 4 µs a pair.
    """

    version: ClassVar[int] = 5
    reads_prose: ClassVar[bool] = True
    direction: ClassVar[Literal["min", "max"]] = "max"
    compares: ClassVar[bool] = True
    usual: ClassVar[float] = 0.0

    max: float = Field(0.7, ge=0, le=1)

    def measure(self, source: str | None, target: str) -> float:
        if source is None or len(source) > LONGEST:
            return 0.0
        lowered = source.lower()
        if not any(map(lowered.__contains__, _HINTS)) or _TASK.search(source) is None:
            return 0.0
        task = requires_source_language(source)
        return task.score if task else 0.0

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        found = _signs().groups(sources)
        signs = _signs().has(found, "hints") & _signs().has(found, "signs")
        return (signs | sources.have(SHIFTING)) & (sources.lengths <= LONGEST)


@cache
def _signs() -> Phrases:
    return Phrases({"hints": _HINTS, "signs": signs()}, any_case=True)
