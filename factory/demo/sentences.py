"""Free sentences: about thirty patterns, each giving one English sentence and its Arabic translation.

The space of sentences is cut in two by a hash of the English text (`held_out`), so that test sentences can be drawn
from the same grammar and still never occur in a training corpus.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from random import Random

from factory.demo import asking, compounds, statements
from factory.demo.phrases import Pair

PATTERNS: list[tuple[Callable[[Random], Pair], float]] = [
    (statements.event, 22),
    (statements.quality, 5),
    (statements.mood, 3),
    (statements.location, 4),
    (statements.comparison, 3),
    (statements.superlative, 2),
    (statements.existence, 4),
    (statements.identity, 3),
    (compounds.relative_clause, 5),
    (compounds.two_actions, 6),
    (compounds.contrast, 3),
    (compounds.reason, 4),
    (compounds.result, 2),
    (compounds.at_the_time, 3),
    (compounds.sequence, 2),
    (compounds.condition, 2),
    (compounds.reported, 4),
    (asking.yes_no, 4),
    (asking.wh_question, 4),
    (asking.who_question, 2),
    (asking.how_many, 2),
    (asking.order, 2),
    (statements.exclamation, 1),
    (statements.price, 2),
    (statements.age, 1.5),
    (statements.weather, 1.5),
    (statements.having, 4),
    (statements.ordinal, 2),
    (statements.together, 2),
    (statements.shopping, 3),
    (compounds.although, 2),
    (statements.her_job, 2),
]
_MAKERS = [maker for maker, _ in PATTERNS]
_WEIGHTS = [weight for _, weight in PATTERNS]


def held_out(text: str, share: float = 0.05) -> bool:
    """Whether a text belongs to the test half of the space: a hash of its lower-cased words, the same for ever."""
    words = " ".join(text.lower().split())
    return int.from_bytes(blake2b(words.encode(), digest_size=4).digest(), "big") < share * 2**32


def sentence(rng: Random, test: bool = False) -> Pair:
    """One (English, Arabic) sentence of the training half of the space, or of the held-out half."""
    while True:
        pair = rng.choices(_MAKERS, _WEIGHTS)[0](rng)
        if held_out(pair[0]) == test:
            return pair
