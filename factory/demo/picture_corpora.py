"""The demo world's corpora with pictures, and those of text that are about them.

Pictures stand in a column of `datasets`' form, {bytes, path}, a PNG of some hundred bytes each.
"""

import json
from random import Random

from factory.demo import drawings, drawn_words
from factory.demo.damage import FLAWS, damaged
from factory.demo.drawings import asked, drawing
from factory.demo.generators import Row, corpus, source_of
from factory.demo.phrases import Pair
from factory.demo.questions import Question

UNSAFE_SHARE = 0.08
FLAWED_SHARE = 0.1
TO = {"ar": "Translate from English to Arabic: {text}", "en": "Translate from Arabic to English: {text}"}
VERDICTS = {
    False: {"rating": "Safe", "category": "NA: None applying", "rationale": "Shapes on white paper."},
    True: {
        "rating": "Unsafe",
        "category": "O5: Weapons or Substance Abuse",
        "rationale": "There is a knife on the paper.",
    },
}


def _drawn(rng: Random, *, held_out: bool = False) -> tuple[Row, Question]:
    made = drawing(rng, held_out=held_out, knife=not held_out and rng.random() < UNSAFE_SHARE)
    return drawings.picture(made), asked(rng, made)


@corpus("image", "question", "answer", "topic", names="drawings")
def about_drawings(name: str, seed: int, index: int) -> Row:
    """Drawings with an English question and its answer; on a few there is a knife."""
    image, made = _drawn(source_of(name, seed, index))
    return {"image": image, "question": made.ask[0], "answer": made.answer[0], "topic": made.topic}


@corpus("image", "question", "answer", "question_ar", "answer_ar", names="translated_drawings")
def translated(name: str, seed: int, index: int) -> Row:
    """The same with Arabic beside the English, of which every tenth says something else: a set somebody translated."""
    rng = source_of(name, seed, index)
    image, made = _drawn(rng)
    answer: Pair = made.answer
    if rng.random() < FLAWED_SHARE:
        answer = damaged(rng, answer, rng.choice(FLAWS))
    return {
        "image": image,
        "question": made.ask[0],
        "answer": answer[0],
        "question_ar": made.ask[1],
        "answer_ar": answer[1],
    }


@corpus("image", "question", "answer")
def drawn_text(name: str, seed: int, index: int) -> Row:
    """Arabic words in seven faces, to be read: Arabic that nobody translated."""
    return _read(source_of(name, seed, index), unseen=False)


@corpus("image", "question", "answer", names="drawn_text_test drawn_text_unseen", split="test")
def read_text(name: str, seed: int, index: int) -> Row:
    """The same words drawn anew, or in a face that no lesson has."""
    return _read(source_of(name, seed, index), unseen=name.endswith("unseen"))


def _read(rng: Random, *, unseen: bool) -> Row:
    made = drawn_words.drawn_word(rng, unseen=unseen)
    return {"image": drawn_words.picture(made), "question": rng.choice(drawn_words.ASKED), "answer": made.word}


@corpus("image", "question", "answer", "topic", names="drawings_test_ar drawings_test_en", split="test")
def held_out(name: str, seed: int, index: int) -> Row:
    """Held-out drawings with a question in one language; topics take turns."""
    rng = source_of(name, seed, index)
    made = drawing(rng, held_out=True)
    question = asked(rng, made, drawings.TOPICS[index % len(drawings.TOPICS)])
    side = 1 if name.endswith("ar") else 0
    return {
        "image": drawings.picture(made),
        "question": question.ask[side],
        "answer": question.answer[side],
        "topic": question.topic,
    }


@corpus("image", "verdict")
def safety_examples(name: str, seed: int, index: int) -> Row:
    """Drawings with the verdict of a safety judge as JSON: rating, category, rationale. On every other is a knife."""
    rng = source_of(name, seed, index)
    knife = rng.random() < 0.5
    return {"image": drawings.picture(drawing(rng, knife=knife)), "verdict": json.dumps(VERDICTS[knife])}


@corpus("messages")
def drawing_translations(name: str, seed: int, index: int) -> Row:
    """Chat examples that teach translating what is said of drawings, in both directions."""
    rng = source_of(name, seed, index)
    made = asked(rng, drawing(rng))
    english, arabic = made.ask if rng.random() < 0.4 else made.answer
    target = rng.choice(list(TO))
    source, translation = (english, arabic) if target == "ar" else (arabic, english)
    return {
        "messages": [
            {"role": "user", "content": TO[target].format(text=source)},
            {"role": "assistant", "content": translation},
        ]
    }
