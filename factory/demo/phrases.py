"""Noun phrases in both languages at once: who and what sentences are about."""

from dataclasses import dataclass
from random import Random

from factory.demo import grammar_ar as ar
from factory.demo import grammar_en as en
from factory.demo.lexicon import (
    CITIES,
    COLOURS,
    KIN,
    NAMES,
    NOUNS,
    ROLES,
    ROLES_F,
    SUBJECTS,
    Adjective,
    Noun,
    adjectives_for,
    by_tag,
    pick,
    variant,
)

Pair = tuple[str, str]

PLACES_BY_PREPOSITION = [("near", "قرب"), ("in front of", "أمام"), ("behind", "خلف"), ("next to", "بجانب")]
OWN_EN = {"ms": "his", "fs": "her", "mp": "their", "fp": "their", "1s": "my", "1p": "our"}
CASES = "nag"


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """English text, Arabic text by case, and the features others agree with."""

    en: str
    ar: tuple[str, ...]
    gender: str = "m"
    number: str = "s"
    human: bool = False
    person: str = "3"
    definite: bool = True

    def case(self, case: str) -> str:
        return self.ar[CASES.index(case)]

    @property
    def before(self) -> str:
        """Agreement of a verb that precedes it: number is not marked, plurals of things count as feminine."""
        if self.person != "3":
            return self.person
        return "fs" if self.number == "p" and not self.human else self.gender + "s"

    @property
    def after(self) -> str:
        """Agreement of a verb or pronoun that follows it."""
        if self.person != "3" or self.number != "p" or not self.human:
            return self.before
        return self.gender + "p"

    @property
    def plain(self) -> bool:
        """Whether a following verb has a form here: not duals, not feminine plurals of people."""
        return self.number != "d" and self.after != "fp"

    @property
    def own_en(self) -> str:
        if self.person == "3" and not self.human:
            return "its" if self.number == "s" else "their"
        return OWN_EN[self.after]

    @property
    def many_en(self) -> bool:
        return self.number != "s" or self.person == "1p"


I = NounPhrase("I", ("أنا", "أنا", "أنا"), human=True, person="1s")  # noqa: E741
WE = NounPhrase("we", ("نحن", "نحن", "نحن"), human=True, number="p", person="1p")


def _cases(make) -> tuple[str, ...]:
    return (make("n"), make("a"), make("g"))


def describe(rng: Random, noun: Noun, most: int = 1, chance: float = 0.35) -> list[Adjective]:
    """Up to `most` fitting adjectives, a colour only last."""
    chosen: list[Adjective] = []
    pool = adjectives_for(noun)
    coloured = noun.tags & {"object", "clothes", "vehicle", "furniture"}
    while len(chosen) < most and rng.random() < chance:
        if coloured and rng.random() < 0.35:
            chosen.append(pick(rng, list(COLOURS.values())))
            break
        adjective = pick(rng, pool, 2.0) if pool else None
        if adjective is None or adjective in chosen or "mood" in adjective.tags:
            break
        chosen.append(adjective)
    return chosen


def _english(noun: Noun, adjectives: list[Adjective], plural: bool = False) -> str:
    return " ".join([*(adjective.en for adjective in adjectives), noun.en_plural if plural else noun.en])


def simple(
    noun: Noun, adjectives: list[Adjective] | None = None, definite: bool = True, number: str = "s"
) -> NounPhrase:
    """the/a(n)/bare phrase; an indefinite plural is bare in English and indefinite in Arabic."""
    adjectives = adjectives or []
    text = _english(noun, adjectives, plural=number == "p")
    if definite:
        text = "the " + text
    elif number == "s" and not noun.mass:
        text = en.article(text)
    forms = _cases(lambda case: ar.phrase(noun, adjectives, number, case, definite))
    return NounPhrase(text, forms, noun.gender, number, noun.human, definite=definite)


def demonstrative(noun: Noun, adjectives: list[Adjective], near: bool, plural: bool) -> NounPhrase:
    if near:
        word = "هؤلاء" if plural and noun.human else "هذه" if plural or noun.gender == "f" else "هذا"
    else:
        word = "أولئك" if plural and noun.human else "تلك" if plural or noun.gender == "f" else "ذلك"
    english = ("these" if near else "those") if plural else ("this" if near else "that")
    number = "p" if plural else "s"
    forms = _cases(lambda case: f"{word} {ar.phrase(noun, adjectives, number, case, True)}")
    return NounPhrase(f"{english} {_english(noun, adjectives, plural)}", forms, noun.gender, number, noun.human)


def counted(noun: Noun, n: int, adjectives: list[Adjective], digits: bool = False) -> NounPhrase:
    number = "s" if n == 1 else "d" if n == 2 else "p"
    amount = str(n) if digits and n > 2 else en.number(n)
    forms = _cases(lambda case: ar.counted(noun, n, adjectives, case, digits))
    text = f"{amount} {_english(noun, adjectives, n != 1)}"
    return NounPhrase(text, forms, noun.gender, number, noun.human, definite=False)


def quantified(rng: Random, noun: Noun, adjectives: list[Adjective]) -> NounPhrase:
    english, arabic = rng.choice([("many", "العديد من"), ("some", "بعض"), ("all the", "جميع")])
    forms = _cases(lambda _: f"{arabic} {ar.phrase(noun, adjectives, 'p', 'g', True)}")
    return NounPhrase(f"{english} {_english(noun, adjectives, True)}", forms, noun.gender, "p", noun.human)


def owned(noun: Noun, owner: NounPhrase | None, pronoun: NounPhrase | None, adjectives: list[Adjective]) -> NounPhrase:
    """Sami's new car (owner) or his new car (pronoun refers to that phrase)."""
    rest = "".join(" " + ar.adjective(adj, noun.gender, "s", noun.human, "n", True) for adj in adjectives)
    if pronoun:
        whose, head = pronoun.own_en, ar.possessed(noun.ar, pronoun.after)
    elif owner:
        whose, head = en.possessive(owner.en), f"{noun.ar} {owner.case('g')}"
    else:
        raise ValueError("an owned phrase needs an owner or a pronoun")
    text = f"{whose} {_english(noun, adjectives)}"
    return NounPhrase(text, (head + rest,) * 3, noun.gender, "s", noun.human)


def name(key: str) -> NounPhrase:
    person = NAMES[key]
    return NounPhrase(person.en, (person.ar, person.accusative, person.ar), person.gender, human=True)


def place_name(pair: Pair) -> NounPhrase:
    return NounPhrase(pair[0], (pair[1],) * 3, "f")


def number_of_things(rng: Random, noun: Noun) -> int:
    n = rng.choices([1, 2, rng.randint(3, 10), rng.randint(11, 99), 100], [1, 3, 8, 0.2, 0.1])[0]
    return n - 1 if n > 20 and n % 10 == 8 and noun.gender == "f" else n


def thing(rng: Random, noun: Noun, definite: bool | None = None, pronoun: NounPhrase | None = None) -> NounPhrase:
    """A noun in one of its dresses: definite, indefinite, this, counted, some, his."""
    noun = variant(rng, noun)
    adjectives = describe(rng, noun, most=2)
    dice = rng.random()
    if noun.mass:
        return simple(noun, adjectives, definite=bool(definite) or dice < 0.3)
    if definite or dice < 0.3:
        return simple(noun, adjectives, True, "p" if rng.random() < 0.2 else "s")
    if dice < 0.52:
        return simple(noun, adjectives, False)
    if dice < 0.6:
        return demonstrative(noun, adjectives, rng.random() < 0.6, rng.random() < 0.25)
    if dice < 0.8:
        n = number_of_things(rng, noun)
        return counted(noun, n, adjectives[:1], digits=rng.random() < 0.25)
    if dice < 0.88:
        return quantified(rng, noun, adjectives[:1])
    if pronoun is not None and pronoun.plain and not noun.ar.endswith(("اء", "ا", "ى")):
        return owned(noun, None, pronoun, adjectives[:1])
    return simple(noun, adjectives, True)


def relative(rng: Random, of: NounPhrase | None = None) -> NounPhrase:
    """his mother, my uncle, Sami's sister."""
    noun = pick(rng, list(KIN.values()))
    if of is not None and of.plain and of.human:
        return owned(noun, None, of, [])
    if rng.random() < 0.4:
        return owned(noun, None, I, [])
    return owned(noun, name(pick(rng, list(NAMES))), None, [])


def person(rng: Random, plural: bool = True) -> NounPhrase:
    """Someone who can act: a name, an occupation, a relative, I, we, sometimes several people."""
    dice = rng.random()
    if dice < 0.3:
        return name(pick(rng, list(NAMES)))
    if dice < 0.38:
        return rng.choice([I, WE])
    if dice < 0.5:
        return relative(rng)
    noun = pick(rng, by_tag("role"), 2.2) if rng.random() < 0.65 else pick(rng, by_tag("human"), 1)
    noun = variant(rng, noun)
    adjectives = describe(rng, noun)
    if plural and rng.random() < 0.25:
        if rng.random() < 0.4:
            return counted(noun, rng.randint(2, 10), adjectives)
        return simple(noun, adjectives, True, "p")
    if rng.random() < 0.15:
        return demonstrative(noun, adjectives, rng.random() < 0.6, False)
    return simple(noun, adjectives, definite=rng.random() < 0.85)


def companion(rng: Random, of: NounPhrase) -> NounPhrase:
    if rng.random() < 0.5 and of.plain:
        return owned(ROLES[rng.choice(["friend", "neighbour", "teacher"])], None, of, [])
    return relative(rng, of)


def target(rng: Random, tags: frozenset[str], subject: NounPhrase) -> NounPhrase:
    """An object for a verb that takes nouns of these tags."""
    tag = pick(rng, sorted(tags), 1)
    if tag == "name":
        key = pick(rng, [key for key, known in NAMES.items() if known.accusative and known.en != subject.en])
        return name(key)
    if tag == "city":
        return place_name(pick(rng, CITIES))
    if tag == "subject":
        pair = pick(rng, SUBJECTS, 1)
        return NounPhrase(pair[0], (pair[1],) * 3, "m")
    if tag == "kin":
        return relative(rng, subject)
    noun = pick(rng, by_tag(tag))
    if tag in ("place", "nature", "sky"):
        return thing(rng, noun, definite=True)
    return thing(rng, noun, pronoun=subject if tag in ("object", "clothes", "readable", "vehicle") else None)


def somewhere(rng: Random, tag: str = "place") -> NounPhrase:
    noun = variant(rng, pick(rng, by_tag(tag)))
    return simple(noun, describe(rng, noun, chance=0.25))


def feminine_role(rng: Random) -> NounPhrase:
    noun = pick(rng, list(ROLES_F.values()))
    return simple(noun, describe(rng, noun))


def plant_or_building(rng: Random) -> NounPhrase:
    noun = NOUNS[
        rng.choice(["house", "school", "tree", "door", "river", "bridge", "wall", "station", "car", "library"])
    ]
    return simple(noun)
