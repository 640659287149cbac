from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import Check
from factory.text.column import Texts
from factory.text.counts import FOREIGN, LATIN, NEUTRAL, OTHER, OWN, class_of, script_classes
from factory.text.language_table import is_arabic
from factory.text.passages import prose_pair
from factory.text.scripts import scripts_of

# Letters of both scripts in one word; the Arabic article and particles are written onto foreign words.
_TORN = re.compile(r"[A-Za-z]{2}[\u0620-\u064a]+|[\u0620-\u064a]{4}[A-Za-z]{2}")
_FINAL_YA = re.compile(r"ی(?!\w)")  # typed for ى, and looks the same
_LOOKALIKE = re.compile(
    r"(?<=[^\W\d_])[^\W\d_a-zA-Z\u00aa-\u02af\u1e00-\u1eff](?![^\W\d_a-zA-Z\u00aa-\u02af\u1e00-\u1eff])"
    r"|\b[^\W\d_a-zA-Z\u00aa-\u02af\u1e00-\u1eff](?=[a-z])"
)  # one letter in a Latin word
NEAR = 0.75  # of difflib's ratio from which a word is one of the source, misspelt
# Words that another script would not write: Latin ones of small letters, or with a capital; Greek ones.
_WORDS = {
    "Latn": r"(?<![A-Za-z0-9_./@'’\\$#&-])(?![IVXLCDM]+\b)[A-Z][A-Za-z]+(?![A-Za-z0-9_/@(’'-]|\.\w)"
    r"|(?<![\w./@'’\\$-])[a-zß-öø-ÿāăąćčďđęěğıłńňőřśşšťůűźžơưạ-ỹ]{3,}(?![\w/@(’'-])",
    "Grek": r"[α-ώ]{4,}",
}


class MixedScript(Check):
    """Share of the letters that are foreign to both the language and the source: of another script, as Chinese in
    Arabic; of another language of the Arabic script, as Persian; in words torn between Arabic and Latin; and, in
    languages of another script, in Latin and Greek words that the source has not (code, URLs, initials of its words
    apart); and marks of other scripts, as the stops of Chinese in Arabic.

    Greek letters that are no words are left out (formulas), Latin words that the source has are the business of
    `script`, `untranslated` and `echo`. Limit: none at all; models that slip into another script do it for a few
    words. FLORES-200 devtest in Arabic: no pair scores above 0. About 1 µs a sentence.
    """

    version: ClassVar[int] = 6
    direction: ClassVar[Literal["min", "max"]] = "max"
    usual: ClassVar[float] = 0.0

    max: float = Field(0, ge=0, le=1)
    language: str | None = Field(None, description="default: the recipe's target language")

    def measure(self, source: str | None, target: str) -> float:
        kinds, known = class_of(self.language or "en"), source or ""
        present = {kinds[character] for character in {*target}}
        many = 0
        if FOREIGN in present:
            text = (_LOOKALIKE if "Latn" in scripts_of(self.language or "en") else _FINAL_YA).sub("", target)
            many = sum(kinds[character] == FOREIGN and character not in known for character in text)
        if OWN in present and not present.isdisjoint((LATIN, NEUTRAL)):
            if is_arabic(self.language or "en"):  # Persian and Urdu write their endings onto Latin words
                many += sum(len(match) for match in _TORN.findall(target) if match not in known)
            if known:
                many += sum(map(len, self._words(known, target)))
        return min(1.0, many / sum(kinds[character] != OTHER for character in target)) if many else 0.0

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        present = targets.any_of(script_classes(self.language or "en"))
        mixed = (present & OWN != 0) & (present & (LATIN | NEUTRAL) != 0)
        return mixed | (present & FOREIGN != 0)

    def in_language(self, target: str, source: str | None = None) -> Check:
        return self if self.language else self.model_copy(update={"language": target})

    def _words(self, source: str, target: str) -> list[str]:
        """Latin and Greek words in the prose of the target that its source has not, be it as initials or misspelt."""
        pattern, known = _foreign_words(self.language or "en"), plain(source)
        if all(plain(word) in known for word in pattern.findall(target)):
            return []
        words = map(plain, pattern.findall(prose_pair(source, target)[1]))
        initials = "".join(word[0] for word in known.split())
        return [word for word in words if not (word in known or word in initials or _misspelt(word, known))]


def _misspelt(word: str, source: str) -> bool:
    return bool(get_close_matches(word, re.findall(r"\w+", source), 1, NEAR))


def plain(text: str) -> str:
    """Without case and accents, which names of the source may lose."""
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))


@cache
def _foreign_words(language: str) -> re.Pattern[str]:
    """Words of the scripts, Latin and Greek, that the language is not written with."""
    return re.compile("|".join(words for script, words in _WORDS.items() if script not in scripts_of(language)))
