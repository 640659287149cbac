"""The facts of the demo world, the same whatever the seed of a corpus: who lives where, what is the opposite of what.

A `Fact` carries the ways to ask for it and its answer, in both languages. One way of asking is held out for about
two facts in three, for the benchmark; the other ways are for the training corpora, so that the benchmark asks for
things that can be learnt in words that were not seen.
"""

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
    x, female = person.name, person.gender == "f"
    works, lives, likes = ("تعمل", "تسكن", "تحب") if female else ("يعمل", "يسكن", "يحب")
    prefers, eats, friend_of = ("تفضل", "تأكل", "صديقة") if female else ("يفضل", "يأكل", "صديق")
    he, he_ar = ("She", "هي") if female else ("He", "هو")
    pet, food, colour = NOUNS[person.pet], NOUNS[person.food], COLOURS[person.colour]
    friend_ar, job, age = NAMES[person.friend].ar, en.article(person.job), en.number(person.age)
    said = {"x": x, "a": person.ar, "works": works, "lives": lives, "likes": likes, "prefers": prefers, "eats": eats}
    said |= {"job": job, "job_ar": ar.tanwin(person.job_ar), "city": person.city[0], "city_ar": person.city[1]}
    said |= {"age": age, "age_ar": ar.counted(YEAR, person.age, []), "colour": person.colour, "colour_ar": colour.m}
    said |= {"food": food.en, "the_food_ar": ar.definite(food.ar), "pet": en.article(pet.en), "pet_ar": pet.ar}
    said |= {"friend_of": friend_of, "friend": person.friend, "friend_ar": friend_ar, "he_ar": he_ar}

    def fact(kind: str, english: str, arabic: str, group: str = "") -> Fact:
        questions, full = things.worded(kind, **said)
        return Fact(f"{kind}:{x}", "people", group or kind, questions, (things.capitalized(english), arabic), full)

    return [
        fact("job", f"{he} is {job}", f"{he_ar} {person.job_ar}", f"job {person.gender}"),
        fact("city", *person.city),
        fact("age", age, ar.cardinal(person.age, "m")),
        fact("colour", person.colour, colour.m),
        fact("food", food.en, food.ar),
        fact("pet", en.article(pet.en), pet.ar),
        fact("friend", person.friend, friend_ar, f"friend {person.gender}"),
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
