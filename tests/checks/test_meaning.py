"""The margin, with an encoder whose vectors are plain to see."""

from __future__ import annotations

import numpy as np
import pytest

from factory.checks import Check, parse_check
from factory.checks.meaning import MOST, SAMPLE
from tests.encoders import WORDS, count_words, translated


def sentence(number: int) -> str:
    return " ".join(WORDS[(number * step + step) % len(WORDS)] for step in (1, 3, 7, 9))


SOURCES = [sentence(number) for number in range(40)]
TARGETS = [translated(source) for source in SOURCES]


def meaning(sources=SOURCES, targets=TARGETS, language: str = "ar", **parameters) -> Check:
    check = parse_check({"meaning": parameters}).in_language(language, "en").embedding_with(count_words)
    return check.survey([(sources, targets)])


def test_a_translation_of_something_else_is_no_nearer_than_others():
    check = meaning()
    assert all(check.accept(score) for score in check.scores(SOURCES, TARGETS))
    moved = check.scores(SOURCES, [*TARGETS[1:], TARGETS[0]])
    assert not any(check.accept(score) for score in moved)


def test_the_score_is_the_ratio_margin():
    sources = ["marade marisk marolun", "tolade tolisk marade"]
    targets = [translated("marade marisk marery"), translated("sibisk sibolun sibery")]
    check = meaning([*sources, SOURCES[0], SOURCES[9]], [*targets, TARGETS[0], TARGETS[9]], neighbours=1)
    others_s, others_t = [sources[1], SOURCES[0], SOURCES[9]], [targets[1], TARGETS[0], TARGETS[9]]
    cosine = (count_words([sources[0]]) @ count_words([targets[0]]).T).item()
    forward, backward = (
        count_words([sources[0]]) @ count_words(others_t).T,
        count_words([targets[0]]) @ count_words(others_s).T,
    )
    wanted = cosine / ((forward.max() + backward.max()) / 2)
    assert check.score(sources[0], targets[0]) == pytest.approx(wanted, abs=1e-4)


def test_a_score_hangs_neither_on_the_order_of_the_rows_nor_on_its_batch():
    many = [f"{SOURCES[number % 40]} {WORDS[number // 40]}" for number in range(4 * SAMPLE)]
    others = [translated(source) for source in many]
    one = meaning(many, others)
    other = (
        parse_check("meaning")
        .embedding_with(count_words)
        .survey([([s], [t]) for s, t in zip(many, others, strict=True)][::-1])
    )
    scores = one.scores(many, others)
    assert scores == other.scores(many, others) == [one.score(s, t) for s, t in zip(many, others, strict=True)]


def test_few_rows_are_compared_with_those_that_there_are():
    pair, swapped = (SOURCES[:2], TARGETS[:2]), (SOURCES[:2], TARGETS[1::-1])
    assert all(map(meaning(*pair).accept, meaning(*pair).scores(*pair)))
    assert not any(map(meaning(*swapped).accept, meaning(*swapped).scores(*swapped)))
    assert meaning(SOURCES[:1], TARGETS[:1]).scores(SOURCES[:1], TARGETS[5:6]) == [MOST]  # nothing to compare with


@pytest.mark.parametrize("blank", ["\n", "\n\n"])
def test_the_worst_paragraph_counts(blank):
    parts = [" ".join([sentence(number)] * 9) for number in (1, 2, 3, 4, 5)]
    targets = [translated(part) for part in parts]
    wrong = [*targets[:3], translated(" ".join([sentence(30)] * 9)), targets[4]]
    check = meaning([*SOURCES[9:], *parts], [*TARGETS[9:], *targets])
    assert check.accept(check.score("\n".join(parts), blank.join(targets)))
    worst = check.score("\n".join(parts), blank.join(wrong))
    assert not check.accept(worst)
    assert check.score("\n".join(parts), blank.join(wrong).replace("\n", " ")) > worst  # other lines: taken whole


@pytest.mark.parametrize(
    ("source", "target"),
    [("Yes.", "نعم."), ("`print(1)`", "`print(2)`"), (None, TARGETS[0]), (SOURCES[0], ""), ("1234567890123", "12")],
)
def test_what_says_too_little_is_not_judged(source, target):
    assert meaning().score(source, target) == MOST


def test_languages_that_the_bundled_model_does_not_know_pass_and_are_told():
    check = meaning(language="nqo")
    assert check.scores(SOURCES, TARGETS[::-1]) == [MOST] * len(SOURCES)
    assert "nqo" in check.unjudged() and not meaning(language="arz").unjudged()
    own = meaning(language="nqo", model="owner/encoder")
    assert not own.unjudged() and not any(map(own.accept, own.scores(SOURCES, [*TARGETS[1:], TARGETS[0]])))


def test_weak_languages_are_given_more_room():
    wrong = [*TARGETS[1:], TARGETS[0]]
    gained = np.array(meaning(language="ha").scores(SOURCES, wrong)) - meaning().scores(SOURCES, wrong)
    assert gained == pytest.approx(np.full(len(SOURCES), 0.015), abs=2e-4)
