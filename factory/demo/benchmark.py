"""Held-out material: the multiple-choice benchmark in both languages and the translation test.

The benchmark asks, in the one phrasing that training corpora never use, for facts they do state. It suits scoring by
the likelihood of the options' text after the question.
"""

from functools import cache
from random import Random

from factory.demo.phrases import Pair
from factory.demo.sentences import sentence
from factory.demo.world import Fact, facts, stated

BENCHMARK_COLUMNS = ("Question", "Option 1", "Option 2", "Option 3", "Option 4", "Answer Key", "Subject")
LETTERS = "ABCD"
OPTIONS = len(LETTERS)


@cache
def held_out_facts() -> tuple[Fact, ...]:
    """Facts with a held-out phrasing and enough other answers of their kind to choose from."""
    every = (fact for group in facts().values() for fact in group)
    return tuple(fact for fact in every if fact.held_out is not None and len(_answers(fact.group)) >= OPTIONS)


@cache
def _answers(group: str) -> tuple[Pair, ...]:
    every = (fact for facts_ in facts().values() for fact in facts_)
    return tuple(dict.fromkeys(fact.short for fact in every if fact.group == group))


def _item(fact: Fact, rng: Random) -> dict[str, dict[str, object]]:
    wrong = rng.sample([answer for answer in _answers(fact.group) if answer != fact.short], OPTIONS - 1)
    options = [fact.short, *wrong]
    rng.shuffle(options)
    ask = fact.questions[fact.held_out or 0]
    key = LETTERS[options.index(fact.short)]
    return {
        language: dict(
            zip(BENCHMARK_COLUMNS, (ask[side], *(option[side] for option in options), key, fact.subject), strict=True)
        )
        for side, language in enumerate(("en", "ar"))
    }


@cache
def benchmark_rows(seed: int) -> tuple[dict[str, dict[str, object]], ...]:
    """All items, each as {"en": row, "ar": row}; the seed sets order, wrong options and their places.

    Subjects are dealt in turn, so that the first n items cover them all.
    """
    rng = Random(f"benchmark/{seed}")
    piles: dict[str, list[Fact]] = {}
    for fact in held_out_facts():
        piles.setdefault(fact.subject, []).append(fact)
    for pile in piles.values():
        rng.shuffle(pile)
    dealt: list[Fact] = []
    while any(piles.values()):
        dealt += [pile.pop() for pile in piles.values() if pile]
    return tuple(_item(fact, rng) for fact in dealt)


def held_out_pair(rng: Random) -> Pair:
    """A held-out (English, Arabic) pair: a sentence of the held-out half, or for one in four a held-out question."""
    if rng.random() < 0.25:
        fact = rng.choice(held_out_facts())
        return fact.questions[fact.held_out or 0]
    while (pair := sentence(rng, test=True))[0] in stated():
        pass
    return pair
