"""Facts and the benchmark made from them."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest

from factory.demo.benchmark import benchmark_rows, held_out_facts
from factory.demo.catalogue import GENERATORS, iter_rows
from factory.demo.facts_of_things import all_facts
from factory.demo.lexicon import NAMES, ROLES, ROLES_F
from factory.demo.phrases import Pair
from factory.demo.questions import SIZES, TOPICS, fact_question, question, reading, story_sum
from factory.demo.world import description, facts, residents


def test_the_world_is_fixed():
    people = residents()
    assert len(people) == 8 and sum(person.gender == "f" for person in people.values()) == 4
    assert len({person.age for person in people.values()}) == 8  # so that older and younger are always decided
    assert all(people[person.friend].gender == person.gender for person in people.values())
    sami = people["Sami"]
    assert f"{sami.name} works as" in description(sami)[0]


def test_women_have_feminine_jobs_and_verbs():
    for person in residents().values():
        assert person.job_ar == (ROLES_F if person.gender == "f" else ROLES)[person.job].ar
        works = "تعمل" if person.gender == "f" else "يعمل"
        assert f"{works} {NAMES[person.name].ar} {person.job_ar}" in description(person)[1]


def test_facts_ask_the_same_in_both_languages_and_keys_are_unique():
    every = [fact for group in facts().values() for fact in group]
    assert len({fact.key for fact in every}) == len(every) > 120
    for fact in every:
        assert len(fact.questions) >= 3
        assert len(set(fact.questions)) == len(fact.questions)
        for english, arabic in fact.questions:
            assert (english[-1] == "?") == (arabic[-1] == "؟")
        if fact.held_out is not None:
            assert len(fact.asked) == len(fact.questions) - 1


def test_no_question_is_held_out_for_one_fact_and_asked_for_another():
    every = [fact for group in facts().values() for fact in group]
    for side in (0, 1):
        held = {fact.questions[fact.held_out][side] for fact in every if fact.held_out is not None}
        assert not held & {ask[side] for fact in every for ask in fact.asked}


def _shorts(subject: str) -> dict[str, Pair]:
    """The short answers to all that could be asked, drawn for the world or not."""
    return {key: short for key, of, _, _, short, _ in all_facts() if of == subject}


def test_sums_are_right():
    sums = _shorts("sums")
    assert sums["sum:5+7"] == ("Twelve", "اثنا عشر")
    assert sums["sum:3+4"] == ("Seven", "سبعة")
    assert sums["difference:7-2"] == ("Five", "خمسة")
    (two,) = [full for key, *_, full in all_facts() if key == "sum:1+1"]
    assert two[1] == "واحد زائد واحد يساوي اثنين."


def test_opposites_go_both_ways():
    pairs = {key.split(":")[1].lower(): short[0].lower() for key, short in _shorts("opposites").items()}
    assert pairs["big"] == "small"
    assert all(pairs[other] == word for word, other in pairs.items())


@pytest.mark.parametrize(("language", "side"), [("en", 0), ("ar", 1)])
def test_benchmark_answers_are_the_facts(language, side):
    known = {fact.questions[fact.held_out][side]: fact.short[side] for fact in held_out_facts()}
    places = Counter()
    for row in iter_rows(f"benchmark_{language}", 10_000, 5):
        options = [row[f"Option {k}"] for k in range(1, 5)]
        assert len(set(options)) == 4
        assert options["ABCD".index(row["Answer Key"])] == known[row["Question"]]
        places[row["Answer Key"]] += 1
    assert sum(places.values()) == GENERATORS["benchmark_ar"].limit == len(known)
    assert min(places.values()) > 0.15 * len(known)


def test_the_twins_ask_the_same():
    for arabic, english in zip(iter_rows("benchmark_ar", 400, 1), iter_rows("benchmark_en", 400, 1), strict=True):
        assert (arabic["Answer Key"], arabic["Subject"]) == (english["Answer Key"], english["Subject"])


def test_the_first_items_cover_every_subject():
    subjects = {row["ar"]["Subject"] for row in benchmark_rows(0)[:16]}
    assert subjects == set(facts())


def test_held_out_questions_are_never_asked():
    held = {question for fact in held_out_facts() for question in fact.questions[fact.held_out]}
    rng = Random(0)
    for _ in range(3000):
        made = fact_question(rng)
        assert made.ask[0] not in held and made.ask[1] not in held


def test_questions_read_their_own_text():
    rng = Random(1)
    for _ in range(100):
        made = reading(rng)
        name = made.answer[0] if made.answer[0] in NAMES else made.answer[0].split()[1]
        assert name in made.ask[0] and NAMES[name].ar in made.ask[1]
        made = story_sum(rng)
        assert re.search(r"does (he|she) have now\?$", made.ask[0]) and made.ask[1].endswith(
            "لديه الآن؟" if " he " in made.ask[0] else "لديها الآن؟"
        )


def test_topics_are_all_used():
    rng = Random(2)
    seen = Counter(question(rng).topic for _ in range(3000))
    assert {
        "describe",
        "compare",
        "yes or no",
        "list",
        "reading",
        "word problem",
        "digits",
        "code",
        "greeting",
    } <= set(seen)
    assert len(SIZES) == len(set(SIZES)) and len(TOPICS) > 10
