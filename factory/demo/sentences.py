"""Free sentences: about thirty patterns, each giving one English sentence and its Arabic translation.

The space of sentences is cut in two by a hash of the English text (`held_out`), so that test sentences can be drawn
from the same grammar and still never occur in a training corpus.
"""

from collections.abc import Callable
from hashlib import blake2b
from random import Random

from factory.demo import asking, compounds, statements
from factory.demo.phrases import Pair

# Plain clauses are most of it, so that models of a million parameters get somewhere; the rest keeps scores from 100.
PATTERNS: list[tuple[Callable[[Random], Pair], float]] = [
    (statements.event, 40),
    (statements.quality, 8),
    (statements.mood, 0.6),
    (statements.location, 8),
    (statements.comparison, 0.6),
    (statements.superlative, 0.4),
    (statements.existence, 6),
    (statements.identity, 0.6),
    (compounds.relative_clause, 1),
    (compounds.two_actions, 1.2),
    (compounds.contrast, 0.6),
    (compounds.reason, 0.8),
    (compounds.result, 0.4),
    (compounds.at_the_time, 0.6),
    (compounds.sequence, 0.4),
    (compounds.condition, 0.4),
    (compounds.reported, 0.8),
    (asking.yes_no, 6),
    (asking.wh_question, 5),
    (asking.who_question, 0.4),
    (asking.how_many, 0.4),
    (asking.order, 0.4),
    (statements.exclamation, 0.2),
    (statements.price, 0.4),
    (statements.age, 0.3),
    (statements.weather, 0.3),
    (statements.having, 6),
    (statements.ordinal, 0.4),
    (statements.together, 0.4),
    (statements.shopping, 0.6),
    (compounds.although, 0.4),
    (statements.her_job, 0.4),
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
