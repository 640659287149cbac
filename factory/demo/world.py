"""The facts of the demo world, the same whatever the seed of a corpus: who lives where, what is the opposite of what.

A `Fact` carries the ways to ask for it and its answer, in both languages. One way of asking is held out for about
two facts in three, for the benchmark; the other ways are for the training corpora, so that the benchmark asks for
things that can be learnt in words that were not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from random import Random

from factory.demo import facts_of_things as things
from factory.demo import grammar_ar as ar
from factory.demo import grammar_en as en
from factory.demo.lexicon import CITIES, COLOURS, NAMES, NOUNS, ROLES, ROLES_F, Noun
from factory.demo.phrases import Pair

WORLD_SEED = 1
RESIDENTS = 4  # of each gender
FACTS = 12  # of every other subject: what a model of a million parameters learns in minutes
YEAR = Noun("year", "years", "عام", "أعوام", "m", "b", frozenset())


@dataclass(frozen=True, slots=True)
class Fact:
    """`group` is the pool of wrong answers; `subject` the benchmark's subject; questions are (English, Arabic)."""

    key: str
    subject: str
    group: str
    questions: tuple[Pair, ...]
    short: Pair
    full: Pair

    @property
    def held_out(self) -> int | None:
        """The index of the question kept for the benchmark, or None."""
        digest = blake2b(self.key.encode(), digest_size=2).digest()
        return digest[1] % len(self.questions) if digest[0] < 170 else None

    @property
    def asked(self) -> list[Pair]:
        """The questions training corpora may use."""
        return [question for index, question in enumerate(self.questions) if index != self.held_out]


@dataclass(frozen=True, slots=True)
class Resident:
    name: str
    gender: str
    job: str
    city: Pair
    age: int
    colour: str
    food: str
    pet: str
    friend: str

    @property
    def ar(self) -> str:
        return NAMES[self.name].ar

    @property
    def job_ar(self) -> str:
        return (ROLES if self.gender == "m" else ROLES_F)[self.job].ar


@cache
def residents() -> dict[str, Resident]:
    """The people of the world by English name."""
    rng = Random(WORLD_SEED)
    jobs = [job for job in ROLES if job not in ("guest", "friend", "neighbour", "traveller")]
    foods = [noun.en for noun in NOUNS.values() if "food" in noun.tags and noun.mass]
    pets = [noun.en for noun in NOUNS.values() if "pet" in noun.tags]
    ages = rng.sample(range(18, 80), 2 * RESIDENTS)
    found = {}
    for gender in "mf":
        names = [name.en for name in NAMES.values() if name.gender == gender][:RESIDENTS]
        friends = names[1:] + names[:1]
        their_jobs = rng.sample(jobs, RESIDENTS)
        for name, friend in zip(names, friends, strict=True):
            colour, food, pet = rng.choice(list(COLOURS)[:8]), rng.choice(foods), rng.choice(pets)
            found[name] = Resident(
                name, gender, their_jobs.pop(), rng.choice(CITIES), ages.pop(), colour, food, pet, friend
            )
    return found


def _person_facts(person: Resident) -> list[Fact]:
    x, a, female = person.name, person.ar, person.gender == "f"
    works, lives, likes = ("تعمل", "تسكن", "تحب") if female else ("يعمل", "يسكن", "يحب")
    prefers, eats, friend = ("تفضل", "تأكل", "صديقة") if female else ("يفضل", "يأكل", "صديق")
    he, he_ar = ("She", "هي") if female else ("He", "هو")
    job = person.job_ar
    pet, food, colour = NOUNS[person.pet], NOUNS[person.food], COLOURS[person.colour]
    y, y_ar = person.friend, NAMES[person.friend].ar

    def fact(kind: str, questions: list[Pair], short: Pair, full: Pair, group: str = "") -> Fact:
        return Fact(f"{kind}:{x}", "people", group or kind, tuple(questions), short, full)

    return [
        fact(
            "job",
            [
                (f"What is {x}'s job?", f"ما وظيفة {a}؟"),
                (f"What does {x} do for work?", f"ماذا {works} {a}؟"),
                (f"Do you know the job of {x}?", f"هل تعرف وظيفة {a}؟"),
                (f"Tell me about the job of {x}.", f"أخبرني عن وظيفة {a}."),
            ],
            (f"{he} is {en.article(person.job)}", f"{he_ar} {job}"),
            (f"{x} works as {en.article(person.job)}.", f"{works} {a} {ar.tanwin(job)}."),
            "job " + person.gender,
        ),
        fact(
            "city",
            [
                (f"Where does {x} live?", f"أين {lives} {a}؟"),
                (f"In which city does {x} live?", f"في أي مدينة {lives} {a}؟"),
                (f"What is the name of {x}'s city?", f"ما اسم مدينة {a}؟"),
                (f"Tell me the city where {x} lives.", f"أخبرني بالمدينة التي {lives} فيها {a}."),
            ],
            person.city,
            (f"{x} lives in {person.city[0]}.", f"{lives} {a} في {person.city[1]}."),
        ),
        fact(
            "age",
            [
                (f"How old is {x}?", f"كم عمر {a}؟"),
                (f"What is {x}'s age?", f"ما عمر {a}؟"),
                (f"Tell me the age of {x}.", f"أخبرني بعمر {a}."),
                (f"Do you know the age of {x}?", f"هل تعرف عمر {a}؟"),
            ],
            (en.answer_form(en.number(person.age)), ar.cardinal(person.age, "m")),
            (f"{x} is {en.number(person.age)} years old.", f"عمر {a} {ar.counted(YEAR, person.age, [])}."),
        ),
        fact(
            "colour",
            [
                (f"What is {x}'s favourite colour?", f"ما اللون المفضل لدى {a}؟"),
                (f"Which colour does {x} like best?", f"أي لون {prefers} {a}؟"),
                (f"Tell me the favourite colour of {x}.", f"أخبرني باللون المفضل لدى {a}."),
                (f"Do you know {x}'s favourite colour?", f"هل تعرف اللون المفضل لدى {a}؟"),
            ],
            (en.answer_form(person.colour), colour.m),
            (f"{x}'s favourite colour is {person.colour}.", f"اللون المفضل لدى {a} هو ال{colour.m}."),
        ),
        fact(
            "food",
            [
                (f"What is {x}'s favourite food?", f"ما الطعام المفضل لدى {a}؟"),
                (f"What does {x} like to eat?", f"ماذا {likes} {a} أن {eats}؟"),
                (f"Which food does {x} like best?", f"أي طعام {prefers} {a}؟"),
                (f"Tell me the favourite food of {x}.", f"أخبرني بالطعام المفضل لدى {a}."),
            ],
            (en.answer_form(food.en), food.ar),
            (f"{x}'s favourite food is {food.en}.", f"الطعام المفضل لدى {a} هو {ar.definite(food.ar)}."),
        ),
        fact(
            "pet",
            [
                (f"What pet does {x} have?", f"أي حيوان أليف لدى {a}؟"),
                (f"Which animal lives with {x}?", f"أي حيوان يعيش مع {a}؟"),
                (f"What is the pet of {x}?", f"ما الحيوان الأليف لدى {a}؟"),
                (f"Tell me about {x}'s pet.", f"أخبرني عن حيوان {a} الأليف."),
            ],
            (en.answer_form(en.article(pet.en)), pet.ar),
            (f"{x} has {en.article(pet.en)}.", f"لدى {a} {pet.ar}."),
        ),
        fact(
            "friend",
            [
                (f"Who is the friend of {x}?", f"من {friend} {a}؟"),
                (f"What is the name of {x}'s friend?", f"ما اسم {friend} {a}؟"),
                (f"Tell me the name of {x}'s friend.", f"أخبرني باسم {friend} {a}."),
                (f"Do you know the friend of {x}?", f"هل تعرف {friend} {a}؟"),
            ],
            (y, y_ar),
            (f"{x}'s friend is {y}.", f"{friend} {a} {he_ar} {y_ar}."),
            "friend " + person.gender,
        ),
    ]


@cache
def facts() -> dict[str, list[Fact]]:
    """Every fact by subject: people, opposites, sums, differences, colours, capitals, calendar, animals, kinds."""
    found: dict[str, list[Fact]] = {"people": [fact for who in residents().values() for fact in _person_facts(who)]}
    for key, subject, group, questions, short, full in things.all_facts():
        found.setdefault(subject, []).append(Fact(key, subject, group, questions, short, full))
    return {subject: known if subject == "people" else _some(known) for subject, known in found.items()}


def _some(known: list[Fact]) -> list[Fact]:
    """FACTS of them, spread over the subject, in their order."""
    drawn = {fact.key for fact in Random(WORLD_SEED).sample(known, min(FACTS, len(known)))}
    return [fact for fact in known if fact.key in drawn]


@cache
def stated() -> frozenset[str]:
    """The English of every question and answer, which free test sentences must avoid."""
    texts = set()
    for group in facts().values():
        for fact in group:
            texts |= {fact.full[0], fact.short[0], *(question[0] for question in fact.questions)}
    return frozenset(texts)


def description(person: Resident) -> Pair:
    """Two sentences about a resident."""
    job, pet = person.job_ar, NOUNS[person.pet]
    works, lives, at = ("تعمل", "تسكن", "لديها") if person.gender == "f" else ("يعمل", "يسكن", "لديه")
    english = (
        f"{person.name} is {en.number(person.age)} years old and lives in {person.city[0]}. "
        f"{person.name} works as {en.article(person.job)} and has {en.article(pet.en)}."
    )
    arabic = (
        f"عمر {person.ar} {ar.counted(YEAR, person.age, [])} و{lives} في {person.city[1]}. "
        f"{works} {person.ar} {ar.tanwin(job)} و{at} {pet.ar}."
    )
    return english, arabic
