"""Patterns of one clause: events, qualities, places, comparisons, prices, ages, weather."""

from random import Random

from factory.demo import grammar_ar as ar
from factory.demo import grammar_en as en
from factory.demo import phrases as np
from factory.demo.clauses import Clause, be, clause, predicate, when
from factory.demo.lexicon import (
    ADJECTIVES,
    CITIES,
    NOUNS,
    ROLES,
    ROLES_F,
    VERBS,
    Noun,
    by_tag,
    pick,
    pick_some,
    variant,
)
from factory.demo.phrases import NounPhrase, Pair
from factory.demo.subjects import FINITE, MOODS, finished, plain_person, third_person


def event(rng: Random) -> Pair:
    c = clause(rng)
    order = "svo" if c.subject.plain and c.subject.definite and rng.random() < 0.1 else "vso"
    if rng.random() < 0.15 and c.tense in FINITE:
        time = when(rng, c.tense)
        c = clause(rng, c.subject, c.tense, timed=False)
        return finished(f"{time[0]}, {c.en()}", f"{time[1]} {c.ar()}")
    return finished(c.en(), c.ar(order))


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
    return finished(*predicate(subject, found[0].en, tense, rng.random() < 0.25))


def mood(rng: Random) -> Pair:
    who = plain_person(rng, definite=True)
    tense = rng.choice(["present", "past", "past", "future"])
    english, arabic = predicate(who, rng.choice(MOODS), tense, tense != "future" and rng.random() < 0.25)
    if tense != "present" and rng.random() < 0.5:
        time = when(rng, tense)
        return finished(f"{english} {time[0]}", f"{arabic} {time[1]}")
    return finished(english, arabic)


def location(rng: Random) -> Pair:
    noun = variant(rng, pick(rng, by_tag(rng.choice(["object", "animal", "clothes"]))))
    subject = np.simple(noun, np.describe(rng, noun), True, "p" if rng.random() < 0.25 else "s")
    english, arabic = rng.choice([("on", "على"), ("under", "تحت"), ("in", "في"), *np.PLACES_BY_PREPOSITION])
    where = np.somewhere(rng, {"on": "furniture", "under": "furniture", "in": "place"}.get(english, "furniture"))
    return finished(
        f"{subject.en} {be(subject)} {english} {where.en}", f"{subject.case('n')} {arabic} {where.case('g')}"
    )


def comparison(rng: Random) -> Pair:
    tag = rng.choice(["animal", "role", "human", "vehicle", "object", "clothes", "kin"])
    first, second = pick_some(rng, by_tag(tag), 2)
    options = [adj for adj in ADJECTIVES.values() if adj.more_ar and (tag in adj.tags or "human" in adj.tags & {tag})]
    adj = pick(rng, options or [ADJECTIVES["tall"], ADJECTIVES["short"]], 1)
    one, other = np.simple(first), np.simple(second)
    if tag == "kin":
        one, other = np.owned(first, np.name(pick(rng, list(np.NAMES))), None, []), np.owned(second, np.I, np.I, [])
        adj = ADJECTIVES[rng.choice(["tall", "short", "rich", "strong", "clever"])]
    elif rng.random() < 0.3:
        one, other = (np.simple(noun, [], True, "p") for noun in (first, second))
        if not one.plain:
            one = np.simple(first)
    return finished(
        f"{one.en} {be(one)} {adj.more_en} than {other.en}", f"{one.case('n')} {adj.more_ar} من {other.case('g')}"
    )


def superlative(rng: Random) -> Pair:
    who = third_person(rng, definite=True)
    noun = pick(rng, list((ROLES if who.gender == "m" else ROLES_F).values()))
    adj = ADJECTIVES[rng.choice(["tall", "short", "clever", "rich", "strong", "brave", "kind", "happy"])]
    best = adj.more_en.removesuffix("r") + "st"
    where = np.somewhere(rng)
    return finished(
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
    return finished(
        f"there {'is' if n == 1 else 'are'} {what.en} {english} {where.en}",
        f"هناك {what.case('n')} {arabic} {where.case('g')}",
    )


def identity(rng: Random) -> Pair:
    noun = variant(rng, pick(rng, by_tag(rng.choice(["object", "animal", "place", "clothes", "vehicle", "fruit"]))))
    what = np.simple(noun, np.describe(rng, noun, 2), False)
    if rng.random() < 0.4:
        what = np.owned(noun, np.name(pick(rng, list(np.NAMES))), None, np.describe(rng, noun))
    near = rng.random() < 0.6
    arabic = {("m", True): "هذا", ("f", True): "هذه", ("m", False): "ذلك", ("f", False): "تلك"}[noun.gender, near]
    return finished(f"{'this' if near else 'that'} is {what.en}", f"{arabic} {what.case('n')}")


def exclamation(rng: Random) -> Pair:
    adj = ADJECTIVES[rng.choice(["beautiful", "big", "small", "long", "clean", "heavy", "fast", "cheap"])]
    noun = pick(rng, [noun for noun in NOUNS.values() if noun.tags & adj.tags and not noun.mass])
    what = np.demonstrative(noun, [], True, rng.random() < 0.3)
    return finished(f"how {adj.en} {what.en} {be(what)}", f"ما {adj.more_ar} {what.case('a')}", "!")


def price(rng: Random) -> Pair:
    noun = pick(rng, by_tag(rng.choice(["object", "clothes", "vehicle", "furniture"])))
    what = np.simple(noun, np.describe(rng, noun))
    n = rng.choice([rng.randint(3, 99), rng.randint(3, 99), 100])
    coin = Noun("dinar", "dinars", "دينار", "دنانير", "m", "d", frozenset())
    digits = rng.random() < 0.75
    amount = np.counted(coin, n, [], digits)
    return finished(f"the price of {what.en} is {amount.en}", f"ثمن {what.case('g')} {amount.case('n')}")


def age(rng: Random) -> Pair:
    who = np.relative(rng)
    year = Noun("year", "years", "عام", "أعوام", "m", "b", frozenset())
    n = rng.randint(3, 90)
    digits = rng.random() < 0.75
    amount = np.counted(year, n, [], digits)
    return finished(f"{who.en} is {amount.en} old", f"عمر {who.case('g')} {amount.case('n')}")


def weather(rng: Random) -> Pair:
    city = pick(rng, CITIES)
    english, arabic = rng.choice([("hot", "حار"), ("cold", "بارد"), ("warm", "دافئ")])
    when_en, when_ar = rng.choice([("today", "اليوم"), ("yesterday", "أمس"), ("tomorrow", "غدًا")])
    place = (f"in {city[0]}", f"في {city[1]}")
    if rng.random() < 0.3:
        verb = {"today": ("is raining", "تمطر"), "yesterday": ("rained", "أمطرت"), "tomorrow": ("will rain", "ستمطر")}
        return finished(
            f"it {verb[when_en][0]} {place[0]} {when_en}", f"{verb[when_en][1]} السماء {place[1]} {when_ar}"
        )
    if when_en == "today":
        return finished(f"the weather is {english} {place[0]} today", f"الطقس {arabic} {place[1]} اليوم")
    verb_en, verb_ar = ("was", "كان") if when_en == "yesterday" else ("will be", "سيكون")
    return finished(
        f"the weather {verb_en} {english} {place[0]} {when_en}",
        f"{verb_ar} الطقس {ar.tanwin(arabic)} {place[1]} {when_ar}",
    )


def having(rng: Random) -> Pair:
    who = plain_person(rng)
    noun = variant(rng, pick(rng, by_tag(rng.choice(["object", "animal", "clothes", "vehicle"]))))
    n = np.number_of_things(rng, noun)
    what = np.simple(noun, np.describe(rng, noun, 2), False) if n == 1 else np.counted(noun, n, np.describe(rng, noun))
    at = {"1s": "لدي", "1p": "لدينا"}.get(who.after, f"لدى {who.case('g')}")
    have = "have" if who.many_en or who.person == "1s" else "has"
    if n == 1 and rng.random() < 0.3:
        do = "do" if have == "have" else "does"
        is_not = "ليس" if noun.gender == "m" else "ليست"
        return finished(f"{who.en} {do} not have {what.en}", f"{is_not} {at} {what.case('n')}")
    return finished(f"{who.en} {have} {what.en}", f"{at} {what.case('n')}")


def ordinal(rng: Random) -> Pair:
    n = rng.randint(1, 10)
    noun = variant(rng, pick(rng, by_tag(rng.choice(["readable", "object", "place", "openable"]))))
    word = "ال" + (ar.ORDINALS_M if noun.gender == "m" else ar.ORDINALS_F)[n]
    forms = (f"{ar.noun(noun, 's', 'n', True)} {word}",) * 3
    what = NounPhrase(f"the {en.ORDINALS[n]} {noun.en}", forms, noun.gender)
    if rng.random() < 0.5:
        options = [adj for adj in ADJECTIVES.values() if adj.tags & noun.tags]
        if options:
            return finished(*predicate(what, pick(rng, options, 1).en, rng.choice(["present", "past"])))
    verb = VERBS["remember" if "readable" in noun.tags else "see"]
    c = Clause(plain_person(rng), verb, rng.choice(["past", "future"]), False, (what.en, what.case("a")))
    if c.verb.en == "remember":
        c = c.with_tense("past")
    return finished(c.en(), c.ar())


def together(rng: Random) -> Pair:
    first, second = pick_some(rng, list(np.NAMES), 2)
    a, b = np.name(first), np.name(second)
    pair = NounPhrase(f"{a.en} and {b.en}", (f"{a.case('n')} و{b.case('n')}",) * 3, a.gender, "d", human=True)
    c = clause(rng, pair, rng.choice(FINITE))
    return finished(c.en(), c.ar())


def shopping(rng: Random) -> Pair:
    who = np.person(rng)
    nouns = pick_some(rng, by_tag("food"), rng.randint(2, 3))
    items = [
        np.simple(noun, [], False) if noun.mass or rng.random() < 0.3 else np.counted(noun, rng.randint(2, 12), [])
        for noun in nouns
    ]
    verb = VERBS[rng.choice(["buy", "sell", "eat", "bring"])]
    rest = (en.joined([item.en for item in items]), " و".join(item.case("a") for item in items))
    c = Clause(who, verb, rng.choice(["past", "past", "future"]), False, rest)
    return finished(c.en(), c.ar())


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
    return finished(c.en(), c.ar())
