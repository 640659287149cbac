"""Tasks about language itself: translated, they ask for something else, and their answers are wrong.

"Correct the spelling of recieve" has no Arabic form. Such rows are dropped, or their quoted part is kept. The phrases
below are for instructions in English; precision comes before recall.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from factory.text.phrases import required


class LanguageTask(NamedTuple):
    """Attributes:
    score: 1.0 where a translation makes no sense (spelling), down to 0.5 where it may pass (passive voice).
    kind: translation, spelling, grammar, letters, sound, form or words.
    phrase: what gave it away.
    """

    score: float
    kind: str
    phrase: str


_LANGUAGES = (
    "(?:English|French|German|Spanish|Italian|Portuguese|Dutch|Russian|Chinese|Mandarin|Japanese|Korean|Arabic|Hindi|Urdu|Turkish"
    "|Greek|Latin|Swedish|Norwegian|Danish|Finnish|Polish|Czech|Hungarian|Romanian|Ukrainian|Hebrew|Persian|Farsi|Thai"
    "|Vietnamese|Indonesian|Malay|Bengali|Tamil|Swahili|Esperanto|Catalan|Irish|Welsh)"
)
_TEXT = (
    "(?:sentence|phrase|word|text|paragraph|passage|statement|essay|email|letter|line|clause|quote|poem|headline|title"
    "|tweet|message|post|article|document|excerpt|description)s?"
)
_THE = "(?:the |this |these |any |all |following |given |below |above )*"
_CLASS = "(?:noun|verb|adjective|adverb)s?"
_NEAR = r"[^.?!\n]{0,60}?"
_ASKS = (
    r"\b(?:identify|find|highlight|underline|circle|label|determine|classify|spot|select|change|convert|transform|turn"
    r"|replace|categori[sz]e|sort|extract|count|provide|what(?:'s| is| are)|which)\b"
)

_RULES: list[tuple[float, str, tuple[str, ...]]] = [
    (
        1.0,
        "translation",
        (
            rf"\btranslat(?:e|ed|ing|ions?)\b[^.?!\n]{{0,160}}?\b(?:in|to|into|from|of) (?:the )?{_LANGUAGES}\b",
            rf"^\W*(?:please |can you |could you )?translate {_THE}{_TEXT}",
            rf"\bhow (?:do|would|can) (?:you|i|we|one) say\b[^.?!\n]{{0,80}}\bin {_LANGUAGES}\b",
            rf"\b{_LANGUAGES} (?:word|translation|equivalent|name)s? (?:for|of)\b",
            r"\b(?:in|to|into) (?:another|a second|a foreign|a different|other) languages?\b",
            r"\bforeign language translations?\b",
            rf"\b(?:convert|change|turn|put|re-?write|re-?phrase)\b{_NEAR}\b(?:to|into|in) {_LANGUAGES}\b(?! style)",
            r"\b(?:british|american|old|middle|shakespearean) english\b",
        ),
    ),
    (
        1.0,
        "spelling",
        (
            r"\bmis-?spell(?:ed|ings?)\b",
            r"\bmis-?spelt\b",
            r"\bspell(?:ing)? (?:mistakes?|errors?)\b",
            r"\bspell-?(?: )?check\b",
            r"\btypos?\b",
            rf"\b(?:check|correct|fix|proper) {_THE}spelling\b",
            r"\bcorrectly spelled\b",
            r"\bspelled correctly\b",
            rf"\bhow (?:do you|to) spell\b|\bspell (?:out )?{_THE}words?\b",
        ),
    ),
    (
        1.0,
        "grammar",
        (
            r"\bgrammar(?! school)\b|\bgrammatical (?:error|mistake|categor|form|role|function)\w*",
            rf"\b(?:edit|fix|check|correct|make|more|is|be|whether|rewrite)\b{_NEAR}\bgrammatically\b",
            rf"\b(?:add|missing|proper|appropriate|correct|right|fix|insert|check)\b{_NEAR}\bpunctuation\b",
            r"\bpunctuation (?:errors?|mistakes?|marks?)\b",
            r"\bpunctuate\b",
            r"\bproofread\b",
            r"\bcopy-?edit\b",
            r"\bcapitali[sz](?:e|ation) (?:of )?(?:the|every|all|each|any|this|errors?)\b",
            r"\b(?:upper|lower|title)[- ]?case\b",
            r"\brun-on sentences?\b|\bsentence fragments?\b|\bcomma splices?\b",
            rf"\b(?:correct|fix|edit) {_THE}(?:mistakes?|errors?) (?:in|of|from) {_THE}{_TEXT}\b",
            rf"\b(?:add|insert|missing|place|put|remove)\b{_NEAR}\b(?:commas?|apostrophes?|semicolons?|hyphens?)\b",
            rf"^\W*(?:correct|fix) {_THE}(?:sentence|phrase|clause|word)s?\b",
            rf"\b(?:(?:re-?)?arrange|re-?order|unjumble) {_THE}(?:words|letters|sentence(?! to| by))\b",
            r"\b(?:jumbled|scrambled) (?:words?|letters|sentences?)\b",
        ),
    ),
    (
        1.0,
        "letters",
        (
            r"\banagrams?\b",
            r"\bpalindrom(?:es?|ic)\b",
            r"\bpangrams?\b",
            r"\bspoonerisms?\b",
            r"\bacrostics?\b",
            r"\bcrosswords?\b",
            r"\bhangman\b",
            r"\bwordle\b",
            r"\bpig latin\b",
            r"\bportmanteaus?\b",
            r"\bacronyms?\b",
            r"\bword search\b",
            r"\blipograms?\b",
            r"\bunscrambl(?:e|ed|ing)\b",
            r"\bhow many (?:letters|vowels|consonants|syllables|characters|times does the letter)\b",
            r"\bhow many [\"'“][a-z][\"'”]",
            r"\b(?:number of|count) (?:the )?(?:number of )?(?:letters|vowels|consonants|syllables)\b",
            r"\bvowels\b",
            r"\bconsonants\b",
            r"\b(?:start|begin|end)(?:s|ing)? (?:with|in) (?:the )?(?:(?:same )?letters?\b|[\"'“][a-z]{1,3}[\"'”])",
            r"\balphabetical(?:ly)?\b",
            r"\balphabeti[sz]e\b",
            r"\balphabetic order\b",
            r"\breverse (?:the )?(?:letters|characters|word|string)\b",
        ),
    ),
    (
        1.0,
        "sound",
        (
            r"\brhym(?:es?|ing|ed)\b",
            r"\balliterat(?:ions?|ive)\b",
            r"\bhomophones?\b",
            r"\bhomonyms?\b",
            r"\btongue[- ]twisters?\b",
            r"\blimericks?\b",
            r"\biambic\b",
            r"\bonomatopoeia\b",
            r"\bpronounc(?:e|ed)\b",
            r"\bpronunciation\b",
            r"\bphonetic(?:s|ally)?\b",
            r"\bpuns?\b",
            r"\bhomographs?\b",
        ),
    ),
    (
        0.8,
        "form",
        (
            r"\b(?:past|present|future|simple|perfect|continuous|progressive|verb|correct)[- ](?:\w+[- ])?tenses?\b",
            r"\bpast participle\b",
            r"\b(?:plural|singular|comparative|superlative|(?:past|present|future) tense) (?:form )?of\b",
            r"\b(?:plural|singular|comparative|superlative|possessive|infinitive|gerund) (?:form|version|noun)s?\b",
            r"\bplurali[sz]e\b",
            r"\bconjugat(?:e|ion)\b",
            r"\b(?:subject[- ]verb|pronoun) agreement\b",
            r"\bcontractions? (?:of|for|in)\b",
        ),
    ),
    (
        0.8,
        "words",
        (
            r"\bparts? of speech\b",
            r"\blexical categor(?:y|ies)\b",
            r"\b(?:verb|noun|adjective|prepositional) phrases?\b",
            r"\b(?:longest|shortest) word\b",
            r"\b(?:preposition|conjunction|pronoun|interjection|determiner|predicate|prefix|suffix|idiom)(?:e?s)?\b",
            r"\b(?:subordinate|(?:in)?dependent) clauses?\b|\b(?:in)?direct objects?\b|\bcompound words?\b",
            r"\b(?:modal|auxiliary|linking) verbs?\b|\b(?:proper|common) nouns?\b|\bidiomatic expressions?\b",
            rf"{_ASKS}{_NEAR}\b{_CLASS}\b{_NEAR}\b(?:in|of|from) {_THE}{_TEXT}\b",
            rf"{_ASKS}{_NEAR}\b{_TEXT}\b{_NEAR}\b{_CLASS}\b",
        ),
    ),
    (
        0.5,
        "form",
        (
            r"\b(?:passive|active)(?: \w+)? voice\b",
            r"\b(?:in|to|into|from) (?:the )?(?:first|second|third)[- ]person\b",
            r"\b(?:in)?direct speech\b|\breported speech\b|\b(?:complex|compound) sentences?\b",
        ),
    ),
    (
        0.5,
        "words",
        (
            r"\b(?:synonym|antonym|hypernym|hyponym)(?:s|ous)?\b",
            r"\betymology\b",
            r"\b(?:similar|opposite) words?\b",
            r"\bword that means\b|\bopposite of (?:the )?(?:word|following)\b|\badverbs?\b",
        ),
    ),
]
_PATTERNS = [
    (score, kind, [(required(rule), re.compile(rule, re.IGNORECASE)) for rule in rules])
    for score, kind, rules in _RULES
]
SIGNS = frozenset[str]().union(*(strings for _, _, rules in _PATTERNS for strings, _ in rules))
"""A text without any of these strings (in small letters) and without `SHIFTING` characters is about no language."""
_SHIFTING = re.compile("[İıſK]")  # match ASCII letters where case is ignored
_CODE = re.compile(
    r"\b(?:function|program|script|algorithm|code|python|java|javascript|sql|regex|class|method|c\+\+|query)\b",
    re.IGNORECASE,
)
_LONGEST = 1000  # characters of an instruction that are looked at


def requires_source_language(instruction: str) -> LanguageTask | None:
    """The sign with the highest score that the instruction is about its own language; None for most.

    >>> requires_source_language("Correct the spelling of this word: recieve")
    LanguageTask(score=1.0, kind='spelling', phrase='Correct the spelling')
    """
    text, best = instruction[:_LONGEST], None
    lowered = text.lower()
    anything = _SHIFTING.search(text) is not None
    for score, kind, rules in _PATTERNS:
        if best is not None and score <= best.score:
            continue
        found = [
            match
            for strings, pattern in rules
            if (anything or any(map(lowered.__contains__, strings))) and (match := pattern.search(text))
        ]
        if found:
            if kind in ("letters", "grammar") and _CODE.search(text):
                continue  # a program that counts vowels counts them in any language
            best = LanguageTask(score, kind, min(found, key=re.Match.start)[0])
            if score == 1.0:
                break
    return best
