"""What the sentence patterns share: finishing a sentence, choosing a subject, pronouns that refer to it."""

from random import Random

from factory.demo import grammar_ar as ar
from factory.demo import grammar_en as en
from factory.demo import phrases as np
from factory.demo.clauses import WAS
from factory.demo.lexicon import Adjective
from factory.demo.phrases import NounPhrase, Pair

MOODS = ["tired", "happy", "sick", "hungry", "angry", "busy", "sad"]
FINITE = ("past", "present", "future")


def finished(english: str, arabic: str, mark: str = ".") -> Pair:
    return en.sentence(english, mark), arabic + {"?": "؟"}.get(mark, mark)


def plain_person(rng: Random, plural: bool = True, definite: bool = False) -> NounPhrase:
    """A subject with all verb forms; `definite` where Arabic begins the sentence with it."""
    while not (who := np.person(rng, plural)).plain or (definite and not who.definite):
        pass
    return who


def third_person(rng: Random, plural: bool = False, definite: bool = False) -> NounPhrase:
    while (who := plain_person(rng, plural, definite)).person != "3":
        pass
    return who


def pronoun(who: NounPhrase) -> tuple[str, str]:
    """The English subject pronoun and the Arabic suffix that follows إنّ and its sisters."""
    return {"ms": ("he", "ه"), "fs": ("she", "ها"), "mp": ("they", "هم"), "1s": ("I", "ني"), "1p": ("we", "نا")}[
        who.after
    ]


def was_so(who: NounPhrase, feeling: Adjective) -> str:
    """After أنّ: the pronoun's suffix, was, and the adjective in the accusative."""
    number = "p" if who.after in ("mp", "1p") else "s"
    return f"{pronoun(who)[1]} {WAS[who.after]} {ar.adjective(feeling, who.gender, number, True, 'a', False)}"


def as_pronoun(who: NounPhrase) -> NounPhrase:
    return NounPhrase(pronoun(who)[0], who.ar, who.gender, who.number, who.human, who.person)
