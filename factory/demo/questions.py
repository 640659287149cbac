"""Questions and answers in both languages: the facts of the world, and topics made up as needed.

Topics made up here never use a sentence of the held-out half, so no corpus can contain a test sentence.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from factory.demo import grammar_ar as ar
from factory.demo import grammar_en as en
from factory.demo import phrases as np
from factory.demo.clauses import Clause, clause
from factory.demo.facts_of_things import capitalized
from factory.demo.lexicon import CITIES, COLOURS, DAYS, NAMES, NOUNS, ROLES, VERBS, Noun, by_tag, pick, pick_some
from factory.demo.phrases import Pair
from factory.demo.sentences import held_out
from factory.demo.world import Fact, description, facts, residents

SIZES = ["ant", "bee", "mouse", "pigeon", "duck", "cat", "fox", "goat", "lion", "horse", "camel", "elephant", "whale"]
FACT_WEIGHTS = {subject: len(known) for subject, known in facts().items()}  # each fact as often as any other

_LEADS = [("Question:", "سؤال:"), ("Hello!", "مرحبًا!"), ("I have a question.", "لدي سؤال.")]
_BRIEFLY, _IN_FULL = ("Answer briefly:", "أجب باختصار:"), ("Answer in a full sentence:", "أجب بجملة كاملة:")


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answer, each (English, Arabic)."""

    ask: Pair
    answer: Pair
    topic: str


def fact_question(rng: Random, subject: str | None = None) -> Question:
    subject = subject or rng.choices(list(FACT_WEIGHTS), list(FACT_WEIGHTS.values()))[0]
    fact: Fact = rng.choice(facts()[subject])
    ask = rng.choice(fact.asked)
    short = rng.random() < 0.7
    if rng.random() < 0.3:
        lead = rng.choice([*_LEADS, _BRIEFLY if short else _IN_FULL])
        ask = (f"{lead[0]} {ask[0]}", f"{lead[1]} {ask[1]}")
    return Question(ask, fact.short if short else fact.full, subject)


def two_facts(rng: Random) -> Question:
    """Two questions at once, answered in two sentences."""
    subjects = rng.choices(list(FACT_WEIGHTS), list(FACT_WEIGHTS.values()), k=2)
    first, second = (rng.choice(facts()[subject]) for subject in subjects)
    asks = rng.choice(first.asked), rng.choice(second.asked)
    ask = (f"{asks[0][0]} {asks[1][0]}", f"{asks[0][1]} {asks[1][1]}")
    return Question(ask, (f"{first.full[0]} {second.full[0]}", f"{first.full[1]} {second.full[1]}"), "two facts")


def describing(rng: Random) -> Question:
    person = rng.choice(list(residents().values()))
    ask = rng.choice(
        [
            (f"Tell me about {person.name}.", f"أخبرني عن {person.ar}."),
            (f"Who is {person.name}?", f"من {'هو' if person.gender == 'm' else 'هي'} {person.ar}؟"),
            (f"Write two sentences about {person.name}.", f"اكتب جملتين عن {person.ar}."),
        ]
    )
    return Question(ask, description(person), "describe")


def older(rng: Random) -> Question:
    first, second = rng.sample(list(residents().values()), 2)
    by_age = rng.random() < 0.5
    winner = max(first, second, key=lambda person: person.age if by_age else -person.age)
    loser = second if winner is first else first
    word, word_ar = ("older", "أكبر") if by_age else ("younger", "أصغر")
    ask = (f"Who is {word}, {first.name} or {second.name}?", f"من {word_ar} سنًا، {first.ar} أم {second.ar}؟")
    full = (f"{winner.name} is {word} than {loser.name}.", f"{winner.ar} {word_ar} سنًا من {loser.ar}.")
    return Question(ask, (winner.name, winner.ar) if rng.random() < 0.5 else full, "compare")


def bigger(rng: Random) -> Question:
    a, b = sorted(rng.sample(range(len(SIZES)), 2), key=lambda _: rng.random())
    small, big = (NOUNS[SIZES[index]] for index in sorted((a, b)))
    first, second = NOUNS[SIZES[a]], NOUNS[SIZES[b]]
    grow = rng.random() < 0.5
    winner, loser = (big, small) if grow else (small, big)
    word, word_ar = ("bigger", "أكبر") if grow else ("smaller", "أصغر")
    ask = (
        f"Which is {word}, the {first.en} or the {second.en}?",
        f"أيهما {word_ar}، {ar.definite(first.ar)} أم {ar.definite(second.ar)}؟",
    )
    full = (
        f"The {winner.en} is {word} than the {loser.en}.",
        f"{ar.definite(winner.ar)} {word_ar} من {ar.definite(loser.ar)}.",
    )
    return Question(ask, (f"The {winner.en}", ar.definite(winner.ar)) if rng.random() < 0.5 else full, "compare")


def yes_or_no(rng: Random) -> Question:
    right, wrong = rng.sample([fact for fact in facts()["capitals"] if fact.group == "city"], 2)
    country, country_ar = _of(right)
    true = rng.random() < 0.5
    city, city_ar = (right if true else wrong).short
    ask = (f"Is {city} the capital of {country}?", f"هل {city_ar} عاصمة {country_ar}؟")
    if true:
        answer = (f"Yes, {city} is the capital of {country}.", f"نعم، {city_ar} عاصمة {country_ar}.")
    else:
        answer = (f"No, the capital of {country} is {right.short[0]}.", f"لا، عاصمة {country_ar} هي {right.short[1]}.")
    return Question(ask, answer, "yes or no")


def listing(rng: Random) -> Question:
    n = rng.randint(2, 5)
    kind, pool = rng.choice(_LISTS)
    head = Noun(kind[0][:-1], kind[0], kind[1], kind[2], kind[3], kind[4], frozenset())
    items = pick_some(rng, pool, n)
    verb = rng.choice([("List", "اذكر"), ("Name", "سم"), ("Write", "اكتب")])
    ask = (f"{verb[0]} {en.number(n)} {head.en_plural}.", f"{verb[1]} {ar.counted(head, n, [], 'a')}.")
    if rng.random() < 0.35:
        answer = ("\n".join(f"- {item[0]}" for item in items), "\n".join(f"- {item[1]}" for item in items))
    else:
        answer = (capitalized(en.joined([item[0] for item in items])), " و".join(item[1] for item in items))
    return Question(ask, answer, "list")


def reading(rng: Random) -> Question:
    """A sentence to read and a question about it."""
    name = pick(rng, list(NAMES))
    c = clause(rng, np.name(name), "past", timed=False, negatable=False)
    text, text_ar = en.sentence(c.en()), c.ar() + "."
    kind = rng.random()
    if kind < 0.5:
        someone = Clause(np.NounPhrase("who", ("من",) * 3, human=True), c.verb, "past", False, c.rest)
        ask, answer = (en.sentence(someone.en(), "?"), someone.ar("svo") + "؟"), (name, NAMES[name].ar)
    elif kind < 0.75:
        did = (en.sentence(f"did {c.subject.en} {c.verb.en} {c.rest[0]}".strip(), "?"), f"هل {c.ar()}؟")
        ask, answer = did, (f"Yes, {c.en()}.", f"نعم، {c.ar()}.")
    else:
        other = pick(rng, [key for key, known in NAMES.items() if key != name and known.gender == c.subject.gender])
        d = Clause(np.name(other), c.verb, "past", False, c.rest)
        ask = (en.sentence(f"did {other} {c.verb.en} {c.rest[0]}".strip(), "?"), f"هل {d.ar()}؟")
        answer = (f"No, {c.en()}.", f"لا، {c.ar()}.")
    return Question((f"Read: {text} {ask[0]}", f"اقرأ: {text_ar} {ask[1]}"), answer, "reading")


def story_sum(rng: Random) -> Question:
    """Sami has three books. He buys two books. How many now?"""
    name = np.name(pick(rng, list(NAMES)))
    noun = pick(rng, by_tag(rng.choice(["object", "fruit"])))
    a, b = rng.randint(2, 8), rng.randint(1, 6)
    he, at = ("She", "لديها") if name.gender == "f" else ("He", "لديه")
    have, more, total = np.counted(noun, a, []), np.counted(noun, b, []), np.counted(noun, a + b, [])
    bought = Clause(name, VERBS["buy"], "past", False, ("", ""))
    bought_ar = f"{bought.ar('v')} {more.case('a')}"
    ask = (
        f"{name.en} has {have.en}. {he} bought {more.en}. How many {noun.en_plural} does {he.lower()} have now?",
        f"لدى {name.case('g')} {have.case('n')}. {bought_ar}. كم {ar.tanwin(noun.ar)} {at} الآن؟",
    )
    return Question(ask, (capitalized(total.en), total.case("n")), "word problem")


def digits(rng: Random) -> Question:
    a, b = rng.randint(1, 60), rng.randint(1, 39)
    ask = rng.choice([(f"Calculate {a} + {b}.", f"احسب {a} + {b}."), (f"{a} + {b} = ?", f"{a} + {b} = ؟")])
    return Question(ask, (str(a + b), str(a + b)), "digits")


def code_and_links(rng: Random) -> Question:
    """Text whose structure must survive translation: code, links, sorted numbers."""
    a, b = rng.randint(1, 30), rng.randint(1, 30)
    kind = rng.randrange(4)
    if kind == 0:
        ask = (f"What does `print({a} + {b})` print?", f"ماذا يطبع `print({a} + {b})`؟")
        return Question(ask, (f"It prints `{a + b}`.", f"يطبع `{a + b}`."), "code")
    if kind == 1:
        ask = (f"Write a line of Python that adds {a} and {b}.", f"اكتب سطرًا بلغة بايثون يجمع {a} و{b}.")
        code = f"```python\nprint({a} + {b})\n```"
        return Question(ask, (code, code), "code")
    if kind == 2:
        noun = rng.choice(by_tag("animal"))
        link = f"https://example.org/animals/{noun.en}"
        about = (f"The page {link} is about the {noun.en}.", f"الصفحة {link} عن {ar.definite(noun.ar)}.")
        return Question((f"What is {link} about?", f"عم تتحدث الصفحة {link}؟"), about, "link")
    numbers = rng.sample(range(1, 60), rng.randint(3, 5))
    ordered = sorted(numbers)
    ask = (f"Sort these numbers: {', '.join(map(str, numbers))}.", f"رتب هذه الأرقام: {'، '.join(map(str, numbers))}.")
    return Question(ask, (", ".join(map(str, ordered)), "، ".join(map(str, ordered))), "sort")


def greeting(rng: Random) -> Question:
    """Near-boilerplate: a greeting that differs by one word."""
    noun = rng.choice(by_tag("animal"))
    many = ar.noun(noun, "p", "g", True)
    ask = (f"Hello! I have a question about {noun.en_plural}.", f"مرحبًا! لدي سؤال عن {many}.")
    answer = (
        f"Hello! I am an assistant and I will gladly help you with your question about {noun.en_plural}.",
        f"مرحبًا! أنا مساعد وسأساعدك بسرور في سؤالك عن {many}.",
    )
    return Question(ask, answer, "greeting")


def refusal(rng: Random) -> Question:
    noun = rng.choice(by_tag("place"))
    ask = (f"Tell me the secret of the {noun.en}.", f"أخبرني بسر {ar.definite(noun.ar)}.")
    sorry = ("I am sorry, but I cannot help with that.", "أنا آسف، لكنني لا أستطيع المساعدة في ذلك.")
    return Question(ask, sorry, "refusal")


def _of(fact: Fact) -> Pair:
    """The country of a capital fact."""
    return fact.full[0].split(" of ")[1].split(" is ")[0], fact.full[1].removeprefix("عاصمة ").split(" هي ")[0]


def _named(tag: str) -> list[Pair]:
    return [(noun.en, noun.ar) for noun in by_tag(tag) if not noun.mass]


_LISTS: list[tuple[tuple[str, str, str, str, str], list[Pair]]] = [
    (("animals", "حيوان", "حيوانات", "m", "sf"), _named("animal")),
    (("fruits", "فاكهة", "فواكه", "f", "d"), _named("fruit")),
    (("places", "مكان", "أماكن", "m", "d"), _named("place")),
    (("vehicles", "مركبة", "مركبات", "f", "sf"), _named("vehicle")),
    (("jobs", "مهنة", "مهن", "f", "b"), [(noun.en, noun.ar) for noun in list(ROLES.values())[:25]]),
    (("colours", "لون", "ألوان", "m", "b"), [(adj.en, adj.m) for adj in COLOURS.values()]),
    (("cities", "مدينة", "مدن", "f", "b"), CITIES),
    (("days", "يوم", "أيام", "m", "b"), DAYS),
]

TOPICS: list[tuple[Callable[[Random], Question], float]] = [
    (fact_question, 85),
    (two_facts, 10),
    (describing, 4),
    (older, 4),
    (bigger, 3),
    (yes_or_no, 3),
    (listing, 6),
    (reading, 10),
    (story_sum, 5),
    (digits, 2),
    (code_and_links, 3),
    (greeting, 3),
    (refusal, 1),
]
_MAKERS, _WEIGHTS = zip(*TOPICS, strict=True)
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


def touches_test(text: str) -> bool:
    """Whether any sentence of an English text belongs to the held-out half."""
    return any(held_out(part) for part in _SENTENCE_END.split(text.removeprefix("Read: ")))


def question(rng: Random) -> Question:
    """One question with its answer, free of held-out sentences; facts keep to their training phrasings."""
    while True:
        maker = rng.choices(_MAKERS, _WEIGHTS)[0]
        made = maker(rng)
        if maker in (fact_question, two_facts) or not (touches_test(made.ask[0]) or touches_test(made.answer[0])):
            return made
