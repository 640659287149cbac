"""Tokens per word, in the language that pieces are added for and in all others."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from factory.models.vocabulary.letters import Letters


class Sides(NamedTuple):
    """Texts mostly in the language's letters, and those without any of them."""

    language: list[str]
    others: list[str]


def split_texts(texts: Sequence[str], letters: Letters) -> Sides:
    """Texts in which both occur are in neither list."""
    language, others = [], []
    for text in texts:
        count = sum(character in letters for character in text)
        if count == 0:
            others.append(text)
        elif 2 * count > sum(character.isalpha() for character in text):
            language.append(text)
    return Sides(language, others)


def tokens_per_word(tokenizer: Any, texts: Sequence[str]) -> float | None:
    """Tokens (none for begin and end) by words between spaces, over all texts; None without words."""
    words = sum(len(text.split()) for text in texts)
    tokens = sum(len(found.ids) for found in tokenizer.encode_batch(list(texts), add_special_tokens=False))
    return tokens / words if words else None
