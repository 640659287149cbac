"""Patterns that ask or order."""

from random import Random

from factory.demo import grammar_ar as ar
from factory.demo import phrases as np
from factory.demo.clauses import Clause, clause, when
from factory.demo.lexicon import (
    TIMES,
    VERBS,
    by_tag,
    pick,
    variant,
)
from factory.demo.phrases import NounPhrase, Pair
from factory.demo.subjects import FINITE, finished, third_person


def yes_no(rng: Random) -> Pair:
    c = clause(rng, third_person(rng, True), rng.choice(FINITE), negatable=False)
    return finished(f"{_do(c)} {c.subject.en} {c.verb.en} {c.rest[0]}".strip(), f"هل {c.ar()}", "?")


def _do(c: Clause) -> str:
    if c.tense == "future":
        return "will"
    return "did" if c.tense == "past" else "do" if c.subject.many_en else "does"


def wh_question(rng: Random) -> Pair:
    tense = rng.choice(["past", "past", "future", "present"])
    c = clause(rng, third_person(rng, True), tense, timed=False, negatable=False)
    english, arabic = rng.choice([("when", "متى"), ("why", "لماذا"), ("how", "كيف"), ("where", "أين")])
    return finished(f"{english} {_do(c)} {c.subject.en} {c.verb.en} {c.rest[0]}".strip(), f"{arabic} {c.ar()}", "?")


def who_question(rng: Random) -> Pair:
    someone = NounPhrase("who", ("من", "من", "من"), human=True)
    c = clause(rng, someone, rng.choice(["past", "present", "future"]), negatable=False)
    return finished(c.en(), c.ar("svo"), "?")


def how_many(rng: Random) -> Pair:
    who = third_person(rng)
    verb = VERBS[rng.choice(["buy", "sell", "see", "find", "want", "carry", "draw"])]
    noun = variant(rng, pick(rng, by_tag(rng.choice(["object", "clothes", "animal", "fruit"]))))
    tense = rng.choice(["past", "future", "present"])
    c = Clause(who, verb, tense, False, ("", ""))
    time = when(rng, tense) if rng.random() < 0.5 else ("", "")
    english = f"how many {noun.en_plural} {_do(c)} {who.en} {verb.en} {time[0]}".strip()
    return finished(english, f"كم {ar.tanwin(noun.ar)} {c.ar()} {time[1]}".strip(), "?")


def order(rng: Random) -> Pair:
    verb = pick(rng, [verb for verb in VERBS.values() if "im" in verb.forms and verb.transitive])
    what = np.target(rng, verb.objects - {"kin"} or verb.objects, np.NounPhrase("you", ("",) * 3, number="d"))
    obj = ar.prefixed(verb.preposition, what.case("g")) if verb.preposition else what.case("a")
    time = pick(rng, TIMES["future"]) if rng.random() < 0.4 else ("", "")
    return finished(
        f"please {verb.en} {what.en} {time[0]}".strip(), f"من فضلك {verb.forms['im']} {obj} {time[1]}".strip()
    )
