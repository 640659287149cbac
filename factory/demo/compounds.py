"""Patterns of two clauses: relative, joined, reason, time, condition, reported speech."""

from random import Random

from factory.demo import phrases as np
from factory.demo.clauses import Clause, clause, predicate
from factory.demo.lexicon import ADJECTIVES, NOUNS, by_tag, pick
from factory.demo.phrases import Pair
from factory.demo.subjects import FINITE, MOODS, as_pronoun, finished, plain_person, third_person, was_so


def relative_clause(rng: Random) -> Pair:
    noun = pick(rng, by_tag("role")) if rng.random() < 0.6 else NOUNS[rng.choice(["man", "woman", "boy", "girl"])]
    who = np.simple(noun, np.describe(rng, noun))
    inner = clause(rng, who, rng.choice(["past", "present"]), timed=False)
    outer = clause(rng, who, rng.choice(FINITE))
    english = f"{who.en} who {inner.en(subject=False)} {outer.en(subject=False)}"
    link = "الذي" if noun.gender == "m" else "التي"
    before = outer.ar("v").split(" ")
    head = 2 if outer.negated else 1  # words before the subject in these tenses
    arabic = [*before[:head], who.case("n"), link, inner.ar("v"), *before[head:]]
    return finished(english, " ".join(arabic))


def two_actions(rng: Random) -> Pair:
    tense = rng.choice(["past", "past", "future", "present"])
    who = plain_person(rng)
    first = clause(rng, who, tense, timed=False, negatable=False)
    second = clause(rng, who, tense, negatable=False)
    join = rng.choice([("and", "و"), ("and", "و"), ("and then", "ثم ")]) if tense != "present" else ("and", "و")
    return finished(f"{first.en()} {join[0]} {second.en(False)}", f"{first.ar()} {join[1]}{second.ar('v')}")


def contrast(rng: Random) -> Pair:
    first, second = third_person(rng), third_person(rng, definite=True)
    a = clause(rng, first, "past", timed=False, negatable=False)
    b = clause(rng, second, "past", timed=False).with_tense("past", negated=True)
    link = rng.choice([("but", "لكن"), ("while", "بينما")])
    if link[0] == "but" and not second.case("a"):
        link = ("while", "بينما")
    if link[0] == "while":
        return finished(f"{a.en()}, while {b.en()}", f"{a.ar()}، بينما {b.ar()}")
    subject = _subject_of_inna(b)
    return finished(f"{a.en()}, but {b.en()}", f"{a.ar()}، لكن {subject}")


def _subject_of_inna(c: Clause) -> str:
    """The clause after إنّ or لكنّ: subject first and in the accusative."""
    return f"{c.subject.case('a')} {c.ar('v')}"


def reason(rng: Random) -> Pair:
    who = plain_person(rng)
    main = clause(rng, who, "past", timed=False)
    feeling = ADJECTIVES[rng.choice(MOODS)]
    again = as_pronoun(who)
    english, _ = predicate(again, feeling.en, "past")
    return finished(f"{main.en()} because {english}", f"{main.ar()} لأن{was_so(who, feeling)}")


def result(rng: Random) -> Pair:
    who = plain_person(rng, plural=False)
    english, arabic = predicate(who, rng.choice(MOODS), "past")
    then = clause(rng, as_pronoun(who), "past", timed=False)
    return finished(f"{english}, so {then.en()}", f"{arabic}، لذلك {then.ar('v')}")


def at_the_time(rng: Random) -> Pair:
    first = clause(rng, plain_person(rng), "past", timed=False, negatable=False)
    second = clause(rng, plain_person(rng), "past progressive", timed=False, negatable=False)
    english, arabic = rng.choice([("while", "بينما"), ("when", "عندما")])
    if english == "when":
        second = second.with_tense("past")
    return finished(f"{first.en()} {english} {second.en()}", f"{first.ar()} {arabic} {second.ar()}")


def sequence(rng: Random) -> Pair:
    first = clause(rng, np.person(rng), "past", timed=False, negatable=False)
    second = clause(rng, np.person(rng), "past", timed=False, negatable=False)
    return finished(f"{first.en()} after {second.en()}", f"{first.ar()} بعد أن {second.ar()}")


def condition(rng: Random) -> Pair:
    first = clause(rng, plain_person(rng), "present", timed=False, negatable=False)
    second = clause(rng, np.person(rng), "future", negatable=False)
    return finished(f"if {first.en()}, {second.en()}", f"إذا {first.with_tense('past').ar()}، ف{second.ar()}")


def reported(rng: Random) -> Pair:
    speaker = third_person(rng)
    while not (about := third_person(rng, definite=True)).case("a"):
        pass
    said = clause(rng, about, rng.choice(FINITE))
    said_ar = "قالت" if speaker.before == "fs" else "قال"
    return finished(
        f"{speaker.en} said that {said.en()}", f"{said_ar} {speaker.case('n')} إن {_subject_of_inna(said)}"
    )


def although(rng: Random) -> Pair:
    who = plain_person(rng, plural=False)
    main = clause(rng, who, "past", timed=False)
    feeling = ADJECTIVES[rng.choice(MOODS)]
    english, _ = predicate(as_pronoun(who), feeling.en, "past")
    return finished(f"{main.en()} although {english}", f"{main.ar()} رغم أن{was_so(who, feeling)}")
