"""What stand-in datasets say: a closed set of the demo world's questions and sentences, few enough to be memorised.

Tiny models learn the translation of exactly these texts, so that steps after a translation have rows to work on.
"""

import zlib
from dataclasses import dataclass
from functools import cache, partial
from random import Random
from typing import Any

from factory.demo import drawings
from factory.demo.benchmark import benchmark_rows
from factory.demo.damage import damaged
from factory.demo.questions import Question, question
from factory.demo.sentences import sentence
from factory.text.conversations import IMAGE_MARKER
from factory.text.template import fill, pieces

QUESTIONS = 150
PAIRS = 240
SHOWN = 24  # questions that are asked beside a picture too
FLAWED = 4  # every fourth pair is a bad translation
LONGEST = 110  # characters
OTHER = 7  # how far away the question is whose answer stands for a wrong one
PLACE = f"{IMAGE_MARKER}\n"  # of the picture, as LLaVA's data have it before the first question
SYSTEMS = ["", "You are a helpful assistant.", "You are an AI assistant that helps people find information."]


@cache
def exchanges() -> tuple[Question, ...]:
    """Distinct questions with their answers, each in English and Arabic."""
    rng = Random("rehearsal questions")
    found: dict[str, Question] = {}
    while len(found) < QUESTIONS:
        made = question(rng)
        texts = (*made.ask, *made.answer)
        if max(map(len, texts)) <= LONGEST and made.topic not in ("code", "link", "sort"):
            found.setdefault(made.ask[0], made)
    return tuple(found.values())


@cache
def shown() -> tuple[Question, ...]:
    """Some of the questions as they are asked beside a picture, with its place before them."""
    return tuple(
        Question((PLACE + exchange.ask[0], PLACE + exchange.ask[1]), exchange.answer, exchange.topic)
        for exchange in exchanges()[:SHOWN]
    )


def picture(name: str, index: int) -> dict[str, Any]:
    """A drawing as {bytes, path}; most rows have their own. What is asked beside it has nothing to do with it."""
    return drawings.picture(drawings.drawing(Random(f"rehearsal picture {name} {index}")))


@dataclass(frozen=True)
class Pair:
    """A sentence with a translation that may be bad, and the good one."""

    en: str
    ar: str
    good_ar: str

    @property
    def good(self) -> bool:
        return self.ar == self.good_ar


@cache
def pairs() -> tuple[Pair, ...]:
    """Sentence pairs as they are mined: some with a flaw that can be seen (copied, repeated, in the wrong script)."""
    rng = Random("rehearsal pairs")
    found: dict[str, Pair] = {}
    while len(found) < PAIRS:
        english, arabic = sentence(rng)
        if english in found or len(english) > LONGEST:
            continue
        shown = arabic
        if len(found) % FLAWED == FLAWED - 1:
            shown = damaged(rng, (english, arabic), rng.choice(("copy", "repeated", "script")))[1]
        found[english] = Pair(english, shown, arabic)
    return tuple(found.values())


@cache
def choices() -> tuple[dict[str, dict[str, Any]], ...]:
    """Multiple-choice questions, each as {"en": row, "ar": row} in the benchmark's columns."""
    return benchmark_rows(0)[:60]


def translated_texts() -> list[tuple[str, str]]:
    """Every English text that a stand-in dataset may ask to translate, with its translation, each once."""
    found = dict(text for exchange in (*exchanges(), *shown()) for text in (exchange.ask, exchange.answer))
    for choice in choices():
        found.setdefault(choice["en"]["Question"], choice["ar"]["Question"])
    return list(found.items())


def values(repo: str, index: int) -> dict[str, Any]:
    """What the placeholders of a row mean. Repos begin at different questions, so that mixes have few duplicates."""
    asked, paired, chosen = exchanges(), pairs(), choices()
    start = zlib.crc32(repo.encode()) % len(asked)
    exchange = asked[(start + index) % len(asked)]
    other = asked[(start + index + OTHER) % len(asked)]
    seen = shown()[(start + index) % SHOWN]
    pair, choice = paired[index % len(paired)], chosen[index % len(chosen)]
    english, arabic = choice["en"], choice["ar"]
    options = [str(english[f"Option {k}"]) for k in range(1, 5)]
    options_ar = [str(arabic[f"Option {k}"]) for k in range(1, 5)]
    return {
        "index": index,
        "system": SYSTEMS[index % len(SYSTEMS)],
        "ask": exchange.ask[0],
        "answer": exchange.answer[0],
        "ask_ar": exchange.ask[1],
        "answer_ar": exchange.answer[1],
        "other": other.answer[0],
        "topic": exchange.topic,
        "ask_shown": seen.ask[0],
        "answer_shown": seen.answer[0],
        "picture": partial(picture, repo, index),
        "en": pair.en,
        "ar": pair.ar,
        "good_ar": pair.good_ar,
        "choice": english["Question"],
        "choice_ar": arabic["Question"],
        **dict(zip("abcd", options, strict=True)),
        **dict(zip(("a_ar", "b_ar", "c_ar", "d_ar"), options_ar, strict=True)),
        "options": options,
        "options_ar": options_ar,
        "key": "ABCD".index(str(english["Answer Key"])),
        "letter": english["Answer Key"],
        "subject": str(english["Subject"]).replace(" ", "_"),
    }


def filled(shape: Any, known: dict[str, Any]) -> Any:
    """`shape` with its placeholders replaced; one placeholder alone keeps its value's type, and is made if it can be.

    >>> filled({"n": "{index}", "t": ["no. {index}"]}, {"index": 3})
    {'n': 3, 't': ['no. 3']}
    """
    if isinstance(shape, dict):
        return {name: filled(value, known) for name, value in shape.items()}
    if isinstance(shape, list):
        return [filled(value, known) for value in shape]
    if not isinstance(shape, str):
        return shape
    parts = pieces(shape)
    if len(parts) == 1 and parts[0][0]:
        value = known[parts[0][1]]
        return value() if callable(value) else value
    return fill(shape, {name: str(value) for name, value in known.items()})
