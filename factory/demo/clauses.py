"""Clauses: a subject, a verb in some tense, its object and adjuncts, in both languages."""

from dataclasses import dataclass, replace
from random import Random
from typing import Self

from factory.demo import grammar_ar as ar
from factory.demo import grammar_en as en
from factory.demo import phrases as np
from factory.demo.lexicon import ADJECTIVES, CITIES, DAYS, MONTHS, ROLES, TIMES, VERBS, Verb, pick, variant
from factory.demo.phrases import NounPhrase, Pair

TENSES = ["past", "present", "progressive", "past progressive", "future", "can", "want", "like", "must"]
WEIGHTS = [40, 14, 8, 6, 14, 6, 5, 4, 4]
STATIVE = {"need", "want", "understand", "remember", "forget"}
WAS = {"ms": "كان", "fs": "كانت", "mp": "كانوا", "1s": "كنت", "1p": "كنا"}
NOT_WAS = {"ms": "لم يكن", "fs": "لم تكن", "mp": "لم يكونوا", "1s": "لم أكن", "1p": "لم نكن"}
WILL_BE = {"ms": "سيكون", "fs": "ستكون", "mp": "سيكونون", "1s": "سأكون", "1p": "سنكون"}
IS_NOT = {"ms": "ليس", "fs": "ليست", "mp": "ليسوا", "1s": "لست", "1p": "لسنا"}
VEHICLES = [("car", "سيارة"), ("train", "قطار"), ("bus", "حافلة"), ("plane", "طائرة"), ("boat", "قارب")]
PREPOSITIONS = {"in": ("in", "في"), "on": ("on", "على"), "with": ("with", "مع"), "for": ("for", "ل")}
PREPOSITIONS |= {"toperson": ("to", "إلى"), "to": ("to", "إلى"), "shop": ("from", "من")}
MODALS = {
    "can": {"ms": "يستطيع", "fs": "تستطيع", "mp": "يستطيعون", "1s": "أستطيع", "1p": "نستطيع"},
    "want": {"ms": "يريد", "fs": "تريد", "mp": "يريدون", "1s": "أريد", "1p": "نريد"},
    "like": {"ms": "يحب", "fs": "تحب", "mp": "يحبون", "1s": "أحب", "1p": "نحب"},
}


def be(subject: NounPhrase, past: bool = False) -> str:
    if past:
        return "were" if subject.many_en else "was"
    return "am" if subject.person == "1s" else "are" if subject.many_en else "is"


def finite_en(verb: Verb, subject: NounPhrase, tense: str, negated: bool = False) -> str:
    many = subject.many_en or subject.person == "1s"
    no = " not" if negated else ""
    if tense == "past":
        return f"did not {verb.en}" if negated else verb.past
    if tense == "present":
        if negated:
            return f"{'do' if many else 'does'} not {verb.en}"
        return verb.en if many else en.third_person(verb.en)
    if tense in ("progressive", "past progressive"):
        return f"{be(subject, tense != 'progressive')}{no} {verb.ing}"
    if tense == "future":
        return f"will{no} {verb.en}"
    if tense == "can":
        return f"{'cannot' if negated else 'can'} {verb.en}"
    if tense == "must":
        return f"must {verb.en}"
    if negated:
        return f"{'do' if many else 'does'} not {tense} to {verb.en}"
    return f"{tense if many else tense + 's'} to {verb.en}"


def finite_ar(verb: Verb, who: str, later: str, tense: str, negated: bool = False) -> Pair:
    """What stands before the subject and what after it; `who` agrees before, `later` after the subject."""
    if tense == "past":
        return (f"لم {ar.verb(verb, 'jussive', who)}" if negated else ar.verb(verb, "past", who)), ""
    if tense in ("present", "progressive"):
        return ("لا " if negated else "") + ar.verb(verb, "present", who), ""
    if tense == "past progressive":
        return (NOT_WAS if negated else WAS)[who], ar.verb(verb, "present", later)
    if tense == "future":
        return (f"لن {ar.verb(verb, 'subjunctive', who)}" if negated else "س" + ar.verb(verb, "present", who)), ""
    if tense == "must":
        return f"يجب أن {ar.verb(verb, 'subjunctive', who)}", ""
    return ("لا " if negated else "") + MODALS[tense][who], f"أن {ar.verb(verb, 'subjunctive', later)}"


@dataclass(frozen=True, slots=True)
class Clause:
    """`rest` is everything after subject and verb: object, adjuncts, time."""

    subject: NounPhrase
    verb: Verb
    tense: str
    negated: bool
    rest: Pair

    def en(self, subject: bool = True) -> str:
        text = finite_en(self.verb, self.subject, self.tense, self.negated)
        return _glue(self.subject.en if subject else "", text, self.rest[0])

    def ar(self, order: str = "vso") -> str:
        """`order`: vso, svo (subject first), v (subject left out: said before)."""
        who = self.subject.before if order == "vso" else self.subject.after
        before, after = finite_ar(self.verb, who, self.subject.after, self.tense, self.negated)
        shown = "" if self.subject.person != "3" or order == "v" else self.subject.case("n")
        front = (before, shown) if order == "vso" else (shown, before)
        return _glue(*front, after, self.rest[1])

    def with_tense(self, tense: str, negated: bool = False) -> Self:
        return replace(self, tense=tense, negated=negated)


def _glue(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def when(rng: Random, tense: str) -> Pair:
    """A time that goes with the tense."""
    if tense in ("progressive",):
        return ("now", "الآن")
    if tense in ("present", "like", "can"):
        return pick(rng, TIMES["present"])
    kind = "past" if tense.startswith("past") else "future"
    dice = rng.random()
    if dice < 0.15:
        day = pick(rng, DAYS, 1)
        return (f"on {day[0]}", f"يوم {day[1]}")
    if dice < 0.23:
        month = pick(rng, MONTHS, 1)
        return (f"in {month[0]}", f"في {month[1]}")
    if dice < 0.33:
        hour = rng.randint(1, 12)
        return (f"at {en.number(hour)} o'clock", f"في الساعة {ar.HOURS[hour]}")
    return pick(rng, TIMES[kind])


def adjunct(rng: Random, kind: str, subject: NounPhrase, tense: str) -> Pair:
    """One prepositional phrase or time of the kinds named in the verb table."""
    if kind == "time":
        return when(rng, tense)
    if kind == "in" and rng.random() < 0.2:
        city = pick(rng, CITIES)
        return (f"in {city[0]}", f"في {city[1]}")
    if kind == "water":
        english, arabic = rng.choice([("sea", "البحر"), ("river", "النهر"), ("lake", "البحيرة")])
        return (f"in the {english}", f"في {arabic}")
    if kind == "vehicle":
        english, arabic = rng.choice(VEHICLES)
        return (f"by {english}", ar.prefixed("ب", "ال" + arabic))
    english, arabic = rng.choice(np.PLACES_BY_PREPOSITION) if kind == "near" else PREPOSITIONS[kind]
    if kind == "near":
        whom = np.plant_or_building(rng)
    elif kind not in ("with", "toperson", "for"):
        whom = np.somewhere(rng, {"on": "furniture", "shop": "shop"}.get(kind, "place"))
    elif kind == "with" or rng.random() < 0.7:
        whom = np.companion(rng, subject)
    else:
        whom = np.name(pick(rng, list(np.NAMES))) if kind == "toperson" else np.simple(ROLES["guest"], [], True, "p")
    return f"{english} {whom.en}", ar.prefixed(arabic, whom.case("g"))


def object_of(verb: Verb, target: NounPhrase) -> Pair:
    if verb.preposition:
        return target.en, ar.prefixed(verb.preposition, target.case("g"))
    return target.en, target.case("a")


def clause(
    rng: Random,
    subject: NounPhrase | None = None,
    tense: str | None = None,
    timed: bool | None = None,
    negatable: bool = True,
    least: int = 0,
) -> Clause:
    """A random clause; `timed` forces or forbids a time adverb, `least` asks for that many other adjuncts."""
    subject = subject or np.person(rng)
    tense = tense or rng.choices(TENSES, WEIGHTS)[0]
    if not subject.plain and tense not in ("past", "present", "future"):
        tense = "past"
    verb = variant(rng, pick(rng, list(VERBS.values()), 1.7))
    if verb.en in STATIVE and tense not in ("past", "present", "future"):
        tense = "past"
    negated = negatable and tense != "must" and rng.random() < 0.15
    parts: list[Pair] = []
    if verb.transitive:
        parts.append(object_of(verb, np.target(rng, verb.objects, subject)))
    others = [kind for kind in verb.adjuncts if kind != "time"]
    if others and (rng.random() < 0.5 or least or not verb.transitive):
        parts.append(adjunct(rng, rng.choice(others), subject, tense))
    if timed or (timed is None and (rng.random() < 0.35 or tense == "progressive")):
        parts.append(when(rng, tense))
    rest = (_glue(*(part[0] for part in parts)), _glue(*(part[1] for part in parts)))
    return Clause(subject, verb, tense, negated, rest)


def predicate(subject: NounPhrase, adjective: str, tense: str = "present", negated: bool = False) -> Pair:
    """X is (not) tired, in the present, past or future, with the Arabic predicate in its case."""
    adj = ADJECTIVES[adjective]
    verbless = tense == "present" and not negated
    number = subject.number if subject.person != "1p" else "p"
    form = ar.adjective(adj, subject.gender, number, subject.human, "n" if verbless else "a", False)
    no = " not" if negated else ""
    if tense == "future":
        english = f"{subject.en} will{no} be {adj.en}"
    else:
        english = f"{subject.en} {be(subject, tense == 'past')}{no} {adj.en}"
    if verbless:
        return english, f"{subject.case('n')} {form}"
    lead = {("present", True): IS_NOT, ("past", True): NOT_WAS, ("past", False): WAS}.get((tense, negated), WILL_BE)
    shown = subject.case("n") if subject.person == "3" else ""
    return english, _glue(lead[subject.before], shown, form)
