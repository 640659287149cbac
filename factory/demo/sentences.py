"""Free sentences: about thirty patterns, each giving one English sentence and its Arabic translation.

The space of sentences is cut in two by a hash of the English text (`held_out`), so that test sentences can be drawn
from the same grammar and still never occur in a training corpus.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from random import Random

from factory.demo import grammar_ar as ar
from factory.demo import grammar_en as en
from factory.demo import phrases as np
from factory.demo.clauses import WAS, Clause, be, clause, predicate, when
from factory.demo.lexicon import (
    ADJECTIVES,
    CITIES,
    NOUNS,
    ROLES,
    ROLES_F,
    TIMES,
    VERBS,
    Adjective,
    by_tag,
    pick,
    variant,
)
from factory.demo.phrases import NounPhrase, Pair

MOODS = ["tired", "happy", "sick", "hungry", "angry", "busy", "sad"]
FINITE = ("past", "present", "future")


def _end(english: str, arabic: str, mark: str = ".") -> Pair:
    return en.sentence(english, mark), arabic + {"?": "؟"}.get(mark, mark)


def _plain_person(rng: Random, plural: bool = True, definite: bool = False) -> NounPhrase:
    """A subject with all verb forms; `definite` where Arabic begins the sentence with it."""
    while not (who := np.person(rng, plural)).plain or (definite and not who.definite):
        pass
    return who


def _third_person(rng: Random, plural: bool = False, definite: bool = False) -> NounPhrase:
    while (who := _plain_person(rng, plural, definite)).person != "3":
        pass
    return who


def _pronoun(who: NounPhrase) -> tuple[str, str]:
    """The English subject pronoun and the Arabic suffix that follows إنّ and its sisters."""
    return {
        "ms": ("he", "ه"),
        "fs": ("she", "ها"),
        "mp": ("they", "هم"),
        "1s": ("I", "ني"),
        "1p": ("we", "نا"),
    }[who.after]


def _was(who: NounPhrase, feeling: Adjective) -> str:
    """After أنّ: the pronoun's suffix, was, and the adjective in the accusative."""
    number = "p" if who.after in ("mp", "1p") else "s"
    return f"{_pronoun(who)[1]} {WAS[who.after]} {ar.adjective(feeling, who.gender, number, True, 'a', False)}"


def _as_pronoun(who: NounPhrase) -> NounPhrase:
    return NounPhrase(_pronoun(who)[0], who.ar, who.gender, who.number, who.human, who.person)


def event(rng: Random) -> Pair:
    c = clause(rng)
    order = "svo" if c.subject.plain and c.subject.definite and rng.random() < 0.1 else "vso"
    if rng.random() < 0.15 and c.tense in FINITE:
        time = when(rng, c.tense)
        c = clause(rng, c.subject, c.tense, timed=False)
        return _end(f"{time[0]}, {c.en()}", f"{time[1]} {c.ar()}")
    return _end(c.en(), c.ar(order))


def quality(rng: Random) -> Pair:
    tag = rng.choice(["object", "animal", "vehicle", "place", "readable", "furniture", "clothes"])
    noun = variant(rng, pick(rng, by_tag(tag)))
    found = np.describe(rng, noun, chance=1) or [ADJECTIVES["beautiful"]]
    while found[0].en not in ADJECTIVES:
        found = [ADJECTIVES["beautiful"]]
    subject = np.simple(noun, [], True, "p" if rng.random() < 0.3 else "s")
    if rng.random() < 0.25:
        subject = np.demonstrative(noun, [], rng.random() < 0.6, False)
    tense = rng.choice(["present", "present", "past"])
    return _end(*predicate(subject, found[0].en, tense, rng.random() < 0.25))


def mood(rng: Random) -> Pair:
    who = _plain_person(rng, definite=True)
    tense = rng.choice(["present", "past", "past", "future"])
    english, arabic = predicate(who, rng.choice(MOODS), tense, tense != "future" and rng.random() < 0.25)
    if tense != "present" and rng.random() < 0.5:
        time = when(rng, tense)
        return _end(f"{english} {time[0]}", f"{arabic} {time[1]}")
    return _end(english, arabic)


def location(rng: Random) -> Pair:
    noun = variant(rng, pick(rng, by_tag(rng.choice(["object", "animal", "clothes"]))))
    subject = np.simple(noun, np.describe(rng, noun), True, "p" if rng.random() < 0.25 else "s")
    english, arabic = rng.choice([("on", "على"), ("under", "تحت"), ("in", "في"), *np.PLACES_BY_PREPOSITION])
    where = np.somewhere(rng, {"on": "furniture", "under": "furniture", "in": "place"}.get(english, "furniture"))
    return _end(f"{subject.en} {be(subject)} {english} {where.en}", f"{subject.case('n')} {arabic} {where.case('g')}")


def comparison(rng: Random) -> Pair:
    tag = rng.choice(["animal", "role", "human", "vehicle", "object", "clothes", "kin"])
    first, second = rng.sample(by_tag(tag), 2)
    options = [adj for adj in ADJECTIVES.values() if adj.more_ar and (tag in adj.tags or "human" in adj.tags & {tag})]
    adj = pick(rng, options or [ADJECTIVES["tall"], ADJECTIVES["short"]], 1)
    one, other = np.simple(first), np.simple(second)
    if tag == "kin":
        one, other = np.owned(first, np.name(pick(rng, list(np.NAMES), 1)), None, []), np.owned(second, np.I, np.I, [])
        adj = ADJECTIVES[rng.choice(["tall", "short", "rich", "strong", "clever"])]
    elif rng.random() < 0.3:
        one, other = (np.simple(noun, [], True, "p") for noun in (first, second))
        if not one.plain:
            one = np.simple(first)
    return _end(
        f"{one.en} {be(one)} {adj.more_en} than {other.en}",
        f"{one.case('n')} {adj.more_ar} من {other.case('g')}",
    )


def superlative(rng: Random) -> Pair:
    who = _third_person(rng, definite=True)
    noun = pick(rng, list((ROLES if who.gender == "m" else ROLES_F).values()), 1.2)
    adj = ADJECTIVES[rng.choice(["tall", "short", "clever", "rich", "strong", "brave", "kind", "happy"])]
    best = adj.more_en.removesuffix("r") + "st"
    where = np.somewhere(rng)
    return _end(
        f"{who.en} {be(who)} the {best} {noun.en} in {where.en}",
        f"{who.case('n')} {adj.more_ar} {noun.ar} في {where.case('g')}",
    )


def existence(rng: Random) -> Pair:
    noun = variant(rng, pick(rng, by_tag(rng.choice(["animal", "object", "furniture", "plant", "role", "vehicle"]))))
    n = np.number_of_things(rng, noun)
    what = np.counted(noun, n, np.describe(rng, noun), rng.random() < 0.25)
    if n == 1:
        what = np.simple(noun, np.describe(rng, noun), False)
    where = np.somewhere(rng)
    english, arabic = rng.choice([("in", "في"), *np.PLACES_BY_PREPOSITION])
    return _end(
        f"there {'is' if n == 1 else 'are'} {what.en} {english} {where.en}",
        f"هناك {what.case('n')} {arabic} {where.case('g')}",
    )


def identity(rng: Random) -> Pair:
    noun = variant(rng, pick(rng, by_tag(rng.choice(["object", "animal", "place", "clothes", "vehicle", "fruit"]))))
    what = np.simple(noun, np.describe(rng, noun, 2), False)
    if rng.random() < 0.4:
        what = np.owned(noun, np.name(pick(rng, list(np.NAMES), 1)), None, np.describe(rng, noun))
    near = rng.random() < 0.6
    arabic = {("m", True): "هذا", ("f", True): "هذه", ("m", False): "ذلك", ("f", False): "تلك"}[noun.gender, near]
    return _end(f"{'this' if near else 'that'} is {what.en}", f"{arabic} {what.case('n')}")


def relative_clause(rng: Random) -> Pair:
    noun = pick(rng, by_tag("role"), 1.2) if rng.random() < 0.6 else NOUNS[rng.choice(["man", "woman", "boy", "girl"])]
    who = np.simple(noun, np.describe(rng, noun))
    inner = clause(rng, who, rng.choice(["past", "present"]), timed=False)
    outer = clause(rng, who, rng.choice(FINITE))
    english = f"{who.en} who {inner.en(subject=False)} {outer.en(subject=False)}"
    link = "الذي" if noun.gender == "m" else "التي"
    before = outer.ar("v").split(" ")
    head = _finite_length(outer)
    arabic = [*before[:head], who.case("n"), link, inner.ar("v"), *before[head:]]
    return _end(english, " ".join(arabic))


def _finite_length(c: Clause) -> int:
    """How many words stand before the subject in this finite tense."""
    return 2 if c.negated else 1


def two_actions(rng: Random) -> Pair:
    tense = rng.choice(["past", "past", "future", "present"])
    who = _plain_person(rng)
    first = clause(rng, who, tense, timed=False, negatable=False)
    second = clause(rng, who, tense, negatable=False)
    join = rng.choice([("and", "و"), ("and", "و"), ("and then", "ثم ")]) if tense != "present" else ("and", "و")
    return _end(f"{first.en()} {join[0]} {second.en(False)}", f"{first.ar()} {join[1]}{second.ar('v')}")


def contrast(rng: Random) -> Pair:
    first, second = _third_person(rng), _third_person(rng, definite=True)
    a = clause(rng, first, "past", timed=False, negatable=False)
    b = clause(rng, second, "past", timed=False).with_tense("past", negated=True)
    link = rng.choice([("but", "لكن"), ("while", "بينما")])
    if link[0] == "but" and not second.case("a"):
        link = ("while", "بينما")
    if link[0] == "while":
        return _end(f"{a.en()}, while {b.en()}", f"{a.ar()}، بينما {b.ar()}")
    subject = _subject_of_inna(b)
    return _end(f"{a.en()}, but {b.en()}", f"{a.ar()}، لكن {subject}")


def _subject_of_inna(c: Clause) -> str:
    """The clause after إنّ or لكنّ: subject first and in the accusative."""
    return f"{c.subject.case('a')} {c.ar('v')}"


def reason(rng: Random) -> Pair:
    who = _plain_person(rng)
    main = clause(rng, who, "past", timed=False)
    feeling = ADJECTIVES[rng.choice(MOODS)]
    again = _as_pronoun(who)
    english, _ = predicate(again, feeling.en, "past")
    return _end(f"{main.en()} because {english}", f"{main.ar()} لأن{_was(who, feeling)}")


def result(rng: Random) -> Pair:
    who = _plain_person(rng, plural=False)
    english, arabic = predicate(who, rng.choice(MOODS), "past")
    then = clause(rng, _as_pronoun(who), "past", timed=False)
    return _end(f"{english}, so {then.en()}", f"{arabic}، لذلك {then.ar('v')}")


def at_the_time(rng: Random) -> Pair:
    first = clause(rng, _plain_person(rng), "past", timed=False, negatable=False)
    second = clause(rng, _plain_person(rng), "past progressive", timed=False, negatable=False)
    english, arabic = rng.choice([("while", "بينما"), ("when", "عندما")])
    if english == "when":
        second = second.with_tense("past")
    return _end(f"{first.en()} {english} {second.en()}", f"{first.ar()} {arabic} {second.ar()}")


def sequence(rng: Random) -> Pair:
    first = clause(rng, np.person(rng), "past", timed=False, negatable=False)
    second = clause(rng, np.person(rng), "past", timed=False, negatable=False)
    return _end(f"{first.en()} after {second.en()}", f"{first.ar()} بعد أن {second.ar()}")


def condition(rng: Random) -> Pair:
    first = clause(rng, _plain_person(rng), "present", timed=False, negatable=False)
    second = clause(rng, np.person(rng), "future", negatable=False)
    return _end(f"if {first.en()}, {second.en()}", f"إذا {first.with_tense('past').ar()}، ف{second.ar()}")


def reported(rng: Random) -> Pair:
    speaker = _third_person(rng)
    while not (about := _third_person(rng, definite=True)).case("a"):
        pass
    said = clause(rng, about, rng.choice(FINITE))
    said_ar = "قالت" if speaker.before == "fs" else "قال"
    return _end(f"{speaker.en} said that {said.en()}", f"{said_ar} {speaker.case('n')} إن {_subject_of_inna(said)}")


def yes_no(rng: Random) -> Pair:
    c = clause(rng, _third_person(rng, True), rng.choice(FINITE), negatable=False)
    return _end(f"{_do(c)} {c.subject.en} {c.verb.en} {c.rest[0]}".strip(), f"هل {c.ar()}", "?")


def _do(c: Clause) -> str:
    if c.tense == "future":
        return "will"
    return "did" if c.tense == "past" else "do" if c.subject.many_en else "does"


def wh_question(rng: Random) -> Pair:
    tense = rng.choice(["past", "past", "future", "present"])
    c = clause(rng, _third_person(rng, True), tense, timed=False, negatable=False)
    english, arabic = rng.choice([("when", "متى"), ("why", "لماذا"), ("how", "كيف"), ("where", "أين")])
    return _end(f"{english} {_do(c)} {c.subject.en} {c.verb.en} {c.rest[0]}".strip(), f"{arabic} {c.ar()}", "?")


def who_question(rng: Random) -> Pair:
    someone = NounPhrase("who", ("من", "من", "من"), human=True)
    c = clause(rng, someone, rng.choice(["past", "present", "future"]), negatable=False)
    return _end(c.en(), c.ar("svo"), "?")


def how_many(rng: Random) -> Pair:
    who = _third_person(rng)
    verb = VERBS[rng.choice(["buy", "sell", "see", "find", "want", "carry", "draw"])]
    noun = variant(rng, pick(rng, by_tag(rng.choice(["object", "clothes", "animal", "fruit"]))))
    tense = rng.choice(["past", "future", "present"])
    c = Clause(who, verb, tense, False, ("", ""))
    time = when(rng, tense) if rng.random() < 0.5 else ("", "")
    english = f"how many {noun.en_plural} {_do(c)} {who.en} {verb.en} {time[0]}".strip()
    return _end(english, f"كم {ar.tanwin(noun.ar)} {c.ar()} {time[1]}".strip(), "?")


def order(rng: Random) -> Pair:
    verb = pick(rng, [verb for verb in VERBS.values() if "im" in verb.forms and verb.transitive], 1.2)
    what = np.target(rng, verb.objects - {"kin"} or verb.objects, np.NounPhrase("you", ("",) * 3, number="d"))
    obj = ar.prefixed(verb.preposition, what.case("g")) if verb.preposition else what.case("a")
    time = pick(rng, TIMES["future"], 1.2) if rng.random() < 0.4 else ("", "")
    return _end(f"please {verb.en} {what.en} {time[0]}".strip(), f"من فضلك {verb.forms['im']} {obj} {time[1]}".strip())


def exclamation(rng: Random) -> Pair:
    adj = ADJECTIVES[rng.choice(["beautiful", "big", "small", "long", "clean", "heavy", "fast", "cheap"])]
    noun = pick(rng, [noun for noun in NOUNS.values() if noun.tags & adj.tags and not noun.mass])
    what = np.demonstrative(noun, [], True, rng.random() < 0.3)
    return _end(f"how {adj.en} {what.en} {be(what)}", f"ما {adj.more_ar} {what.case('a')}", "!")


def price(rng: Random) -> Pair:
    noun = pick(rng, by_tag(rng.choice(["object", "clothes", "vehicle", "furniture"])))
    what = np.simple(noun, np.describe(rng, noun))
    n = rng.choice([rng.randint(3, 99), rng.randint(3, 99), 100])
    coin = np.Noun("dinar", "dinars", "دينار", "دنانير", "m", "d", frozenset())
    digits = rng.random() < 0.4
    amount = np.counted(coin, n, [], digits)
    return _end(f"the price of {what.en} is {amount.en}", f"ثمن {what.case('g')} {amount.case('n')}")


def age(rng: Random) -> Pair:
    who = np.relative(rng)
    year = np.Noun("year", "years", "عام", "أعوام", "m", "b", frozenset())
    n = rng.randint(3, 90)
    digits = rng.random() < 0.4
    amount = np.counted(year, n, [], digits)
    return _end(f"{who.en} is {amount.en} old", f"عمر {who.case('g')} {amount.case('n')}")


def weather(rng: Random) -> Pair:
    city = pick(rng, CITIES, 1.2)
    english, arabic = rng.choice([("hot", "حار"), ("cold", "بارد"), ("warm", "دافئ")])
    when_en, when_ar = rng.choice([("today", "اليوم"), ("yesterday", "أمس"), ("tomorrow", "غدًا")])
    place = (f"in {city[0]}", f"في {city[1]}")
    if rng.random() < 0.3:
        verb = {"today": ("is raining", "تمطر"), "yesterday": ("rained", "أمطرت"), "tomorrow": ("will rain", "ستمطر")}
        return _end(f"it {verb[when_en][0]} {place[0]} {when_en}", f"{verb[when_en][1]} السماء {place[1]} {when_ar}")
    if when_en == "today":
        return _end(f"the weather is {english} {place[0]} today", f"الطقس {arabic} {place[1]} اليوم")
    verb_en, verb_ar = ("was", "كان") if when_en == "yesterday" else ("will be", "سيكون")
    return _end(
        f"the weather {verb_en} {english} {place[0]} {when_en}",
        f"{verb_ar} الطقس {ar.tanwin(arabic)} {place[1]} {when_ar}",
    )


def having(rng: Random) -> Pair:
    who = _plain_person(rng)
    noun = variant(rng, pick(rng, by_tag(rng.choice(["object", "animal", "clothes", "vehicle"]))))
    n = np.number_of_things(rng, noun)
    what = np.simple(noun, np.describe(rng, noun, 2), False) if n == 1 else np.counted(noun, n, np.describe(rng, noun))
    at = {"1s": "لدي", "1p": "لدينا"}.get(who.after, f"لدى {who.case('g')}")
    have = "have" if who.many_en or who.person == "1s" else "has"
    if n == 1 and rng.random() < 0.3:
        do = "do" if have == "have" else "does"
        is_not = "ليس" if noun.gender == "m" else "ليست"
        return _end(f"{who.en} {do} not have {what.en}", f"{is_not} {at} {what.case('n')}")
    return _end(f"{who.en} {have} {what.en}", f"{at} {what.case('n')}")


def ordinal(rng: Random) -> Pair:
    n = rng.randint(1, 10)
    noun = variant(rng, pick(rng, by_tag(rng.choice(["readable", "object", "place", "openable"]))))
    word = "ال" + (ar.ORDINALS_M if noun.gender == "m" else ar.ORDINALS_F)[n]
    forms = (f"{ar.noun(noun, 's', 'n', True)} {word}",) * 3
    what = NounPhrase(f"the {en.ORDINALS[n]} {noun.en}", forms, noun.gender)
    if rng.random() < 0.5:
        options = [adj for adj in ADJECTIVES.values() if adj.tags & noun.tags]
        if options:
            return _end(*predicate(what, pick(rng, options, 1).en, rng.choice(["present", "past"])))
    verb = VERBS["remember" if "readable" in noun.tags else "see"]
    c = Clause(_plain_person(rng), verb, rng.choice(["past", "future"]), False, (what.en, what.case("a")))
    if c.verb.en == "remember":
        c = c.with_tense("past")
    return _end(c.en(), c.ar())


def together(rng: Random) -> Pair:
    first, second = rng.sample(list(np.NAMES), 2)
    a, b = np.name(first), np.name(second)
    pair = NounPhrase(f"{a.en} and {b.en}", (f"{a.case('n')} و{b.case('n')}",) * 3, a.gender, "d", human=True)
    c = clause(rng, pair, rng.choice(FINITE))
    return _end(c.en(), c.ar())


def shopping(rng: Random) -> Pair:
    who = np.person(rng)
    nouns = rng.sample(by_tag("food"), rng.randint(2, 3))
    items = [
        np.simple(noun, [], False) if noun.mass or rng.random() < 0.3 else np.counted(noun, rng.randint(2, 12), [])
        for noun in nouns
    ]
    verb = VERBS[rng.choice(["buy", "sell", "eat", "bring"])]
    rest = (en.joined([item.en for item in items]), " و".join(item.case("a") for item in items))
    c = Clause(who, verb, rng.choice(["past", "past", "future"]), False, rest)
    return _end(c.en(), c.ar())


def although(rng: Random) -> Pair:
    who = _plain_person(rng, plural=False)
    main = clause(rng, who, "past", timed=False)
    feeling = ADJECTIVES[rng.choice(MOODS)]
    english, _ = predicate(_as_pronoun(who), feeling.en, "past")
    return _end(f"{main.en()} although {english}", f"{main.ar()} رغم أن{_was(who, feeling)}")


def her_job(rng: Random) -> Pair:
    """A feminine occupation, told by the pronoun that follows."""
    who = np.feminine_role(rng)
    noun = pick(rng, by_tag("object"))
    what = np.owned(noun, None, who, np.describe(rng, noun))
    if noun.ar.endswith(("ا", "ى")):
        what = np.simple(noun)
        who = NounPhrase("the female " + who.en.removeprefix("the "), who.ar, "f", "s", True)
    verb = VERBS[rng.choice(["lose", "find", "carry", "sell", "forget", "bring", "break", "want"])]
    c = Clause(who, verb, "past", rng.random() < 0.2, (what.en, what.case("a")))
    return _end(c.en(), c.ar())


PATTERNS: list[tuple[Callable[[Random], Pair], float]] = [
    (event, 22),
    (quality, 5),
    (mood, 3),
    (location, 4),
    (comparison, 3),
    (superlative, 2),
    (existence, 4),
    (identity, 3),
    (relative_clause, 5),
    (two_actions, 6),
    (contrast, 3),
    (reason, 4),
    (result, 2),
    (at_the_time, 3),
    (sequence, 2),
    (condition, 2),
    (reported, 4),
    (yes_no, 4),
    (wh_question, 4),
    (who_question, 2),
    (how_many, 2),
    (order, 2),
    (exclamation, 1),
    (price, 2),
    (age, 1.5),
    (weather, 1.5),
    (having, 4),
    (ordinal, 2),
    (together, 2),
    (shopping, 3),
    (although, 2),
    (her_job, 2),
]
_MAKERS = [maker for maker, _ in PATTERNS]
_WEIGHTS = [weight for _, weight in PATTERNS]


def held_out(text: str, share: float = 0.05) -> bool:
    """Whether a text belongs to the test half of the space: a hash of its lower-cased words, the same for ever."""
    words = " ".join(text.lower().split())
    return int.from_bytes(blake2b(words.encode(), digest_size=4).digest(), "big") < share * 2**32


def sentence(rng: Random, test: bool = False) -> Pair:
    """One (English, Arabic) sentence of the training half of the space, or of the held-out half."""
    while True:
        pair = rng.choices(_MAKERS, _WEIGHTS)[0](rng)
        if held_out(pair[0]) == test:
            return pair
