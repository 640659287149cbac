"""Facts that are not about people: opposites, sums, colours, capitals, days and months, animals, kinds of things.

`all_facts` gives (key, subject, group of wrong answers, questions, short answer, full answer); texts are
(English, Arabic) pairs.
"""

from __future__ import annotations

from collections.abc import Iterator

from factory.demo import grammar_ar as ar
from factory.demo import grammar_en as en
from factory.demo.lexicon import CAPITALS, COLOURS, DAYS, MONTHS, NOUNS, Noun, pairs, rows
from factory.demo.phrases import Pair

Row = tuple[str, str, str, tuple[Pair, ...], Pair, Pair]

KINDS = [("animal", "an animal", "حيوان"), ("fruit", "a fruit", "فاكهة"), ("vehicle", "a vehicle", "مركبة")]
KINDS += [("clothes", "a piece of clothing", "قطعة ملابس"), ("furniture", "a piece of furniture", "قطعة أثاث")]
LEG = Noun("leg", "legs", "رجل", "أرجل", "f", "b", frozenset())


def _answer(text: str) -> str:
    return text[0].upper() + text[1:]


def opposites() -> Iterator[Row]:
    table = pairs("opposites")
    for index, (word, word_ar) in enumerate(table):
        other, other_ar = table[index ^ 1]
        questions = (
            (f"What is the opposite of {word}?", f"ما عكس كلمة {word_ar}؟"),
            (f"Which word is the opposite of {word}?", f"أي كلمة هي عكس {word_ar}؟"),
            (f"Give me the opposite of {word}.", f"أعطني عكس كلمة {word_ar}."),
            (f"Write the opposite of {word}.", f"اكتب عكس {word_ar}."),
        )
        full = (f"The opposite of {word} is {other}.", f"عكس {word_ar} هو {other_ar}.")
        yield f"opposite:{word}", "opposites", "opposite", questions, (_answer(other), other_ar), full


def sums() -> Iterator[Row]:
    for a in range(1, 8):
        for b in range(1, 8):
            e, f = en.number(a), en.number(b)
            x, y, z = ar.cardinal(a, "m"), ar.cardinal(b, "m"), ar.cardinal(a + b, "m")
            questions = (
                (f"What is {e} plus {f}?", f"كم يساوي {x} زائد {y}؟"),
                (f"How much is {e} plus {f}?", f"ما ناتج {x} زائد {y}؟"),
                (
                    f"What is the sum of {e} and {f}?",
                    f"ما مجموع {ar.cardinal(a, 'm', 'g')} و{ar.cardinal(b, 'm', 'g')}؟",
                ),
            )
            result = en.number(a + b)
            full = (f"{_answer(e)} plus {f} is {result}.", f"{x} زائد {y} يساوي {ar.cardinal(a + b, 'm', 'a')}.")
            yield f"sum:{a}+{b}", "sums", "number", questions, (_answer(result), z), full
            if a <= b:
                continue
            result, z = en.number(a - b), ar.cardinal(a - b, "m")
            questions = (
                (f"What is {e} minus {f}?", f"كم يساوي {x} ناقص {y}؟"),
                (f"How much is {e} minus {f}?", f"ما ناتج {x} ناقص {y}؟"),
                (f"Subtract {f} from {e}.", f"اطرح {ar.cardinal(b, 'm', 'a')} من {ar.cardinal(a, 'm', 'g')}."),
            )
            full = (f"{_answer(e)} minus {f} is {result}.", f"{x} ناقص {y} يساوي {ar.cardinal(a - b, 'm', 'a')}.")
            yield f"difference:{a}-{b}", "sums", "number", questions, (_answer(result), z), full


def colours() -> Iterator[Row]:
    for thing, thing_ar, gender, colour in rows("coloured"):
        adj = COLOURS[colour]
        questions = (
            (f"What colour is {thing}?", f"ما لون {thing_ar}؟"),
            (f"Tell me the colour of {thing}.", f"أخبرني بلون {thing_ar}."),
            (f"Which colour does {thing} have?", f"أي لون {ar.prefixed('ل', thing_ar)}؟"),
            (f"Do you know the colour of {thing}?", f"هل تعرف لون {thing_ar}؟"),
        )
        full = (f"{_answer(thing)} is {colour}.", f"{thing_ar} {adj.m if gender == 'm' else adj.f}.")
        yield f"colour of:{thing}", "colours", "colour", questions, (_answer(colour), adj.m), full


def capitals() -> Iterator[Row]:
    for city, city_ar, country, country_ar in CAPITALS:
        questions = (
            (f"What is the capital of {country}?", f"ما عاصمة {country_ar}؟"),
            (f"Which city is the capital of {country}?", f"أي مدينة هي عاصمة {country_ar}؟"),
            (f"Name the capital of {country}.", f"اذكر عاصمة {country_ar}."),
            (f"Do you know the capital of {country}?", f"هل تعرف عاصمة {country_ar}؟"),
        )
        full = (f"The capital of {country} is {city}.", f"عاصمة {country_ar} هي {city_ar}.")
        yield f"capital:{country}", "capitals", "city", questions, (city, city_ar), full
        questions = (
            (f"In which country is {city}?", f"في أي دولة تقع {city_ar}؟"),
            (f"Which country has the capital {city}?", f"أي دولة عاصمتها {city_ar}؟"),
            (f"Tell me the country of {city}.", f"أخبرني بدولة {city_ar}."),
        )
        full = (f"{city} is in {country}.", f"تقع {city_ar} في {country_ar}.")
        yield f"country:{city}", "capitals", "country", questions, (country, country_ar), full


def calendar() -> Iterator[Row]:
    for unit, unit_ar, names in (("day", "يوم", DAYS), ("month", "شهر", MONTHS)):
        for index, (name, name_ar) in enumerate(names):
            for word, word_ar, verb_ar, step in (("after", "بعد", "يلي", 1), ("before", "قبل", "يسبق", -1)):
                other, other_ar = names[(index + step) % len(names)]
                questions = (
                    (f"Which {unit} comes {word} {name}?", f"أي {unit_ar} يأتي {word_ar} {name_ar}؟"),
                    (f"What is the {unit} {word} {name}?", f"ما ال{unit_ar} الذي {verb_ar} {name_ar}؟"),
                    (f"Tell me the {unit} {word} {name}.", f"أخبرني بال{unit_ar} الذي {verb_ar} {name_ar}."),
                )
                full = (f"{other} comes {word} {name}.", f"يأتي {other_ar} {word_ar} {name_ar}.")
                yield f"{unit} {word}:{name}", "calendar", unit, questions, (other, other_ar), full


def animals() -> Iterator[Row]:
    for animal, food, food_ar, home, home_ar, legs in rows("animals"):
        noun = NOUNS[animal]
        x, a = f"the {animal}", ar.definite(noun.ar)
        eats, lives = ("تأكل", "تعيش") if noun.gender == "f" else ("يأكل", "يعيش")
        questions = (
            (f"What does {x} eat?", f"ماذا {eats} {a}؟"),
            (f"What is the food of {x}?", f"ما طعام {a}؟"),
            (f"Tell me what {x} eats.", f"أخبرني ماذا {eats} {a}."),
            (f"Do you know the food of {x}?", f"هل تعرف طعام {a}؟"),
        )
        full = (f"{_answer(x)} eats {food}.", f"{eats} {a} {ar.definite(food_ar)}.")
        yield f"eats:{animal}", "animals", "animal food", questions, (_answer(food), food_ar), full
        questions = (
            (f"Where does {x} live?", f"أين {lives} {a}؟"),
            (f"What is the home of {x}?", f"ما موطن {a}؟"),
            (f"In which place does {x} live?", f"في أي مكان {lives} {a}؟"),
            (f"Tell me where {x} lives.", f"أخبرني أين {lives} {a}."),
        )
        full = (f"{_answer(x)} lives {home}.", f"{lives} {a} {home_ar}.")
        yield f"home:{animal}", "animals", "animal home", questions, (_answer(home), home_ar), full
        if legs != "0":
            yield _legs(noun, x, a, int(legs))


def _legs(noun: Noun, x: str, a: str, n: int) -> Row:
    at, many, many_ar = ar.prefixed("ل", a), f"{en.number(n)} legs", ar.counted(LEG, n, [])
    questions = (
        (f"How many legs does {x} have?", f"كم رجلًا {at}؟"),
        (f"What is the number of legs of {x}?", f"ما عدد أرجل {a}؟"),
        (f"Tell me how many legs {x} has.", f"أخبرني كم رجلًا {at}."),
    )
    full = (f"{_answer(x)} has {many}.", f"{at} {many_ar}.")
    return f"legs:{noun.en}", "animals", "legs", questions, (_answer(many), many_ar), full


def kinds() -> Iterator[Row]:
    for tag, kind, kind_ar in KINDS:
        for noun in [noun for noun in NOUNS.values() if tag in noun.tags][:5]:
            x, a = f"the {noun.en}", ar.definite(noun.ar)
            belongs, it = ("تنتمي", "هي") if noun.gender == "f" else ("ينتمي", "هو")
            questions = (
                (f"What kind of thing is {x}?", f"ما نوع {a}؟"),
                (f"To which group does {x} belong?", f"إلى أي مجموعة {belongs} {a}؟"),
                (f"What is {x}?", f"ما {it} {a}؟"),
            )
            full = (f"{_answer(x)} is {kind}.", f"{a} {kind_ar}.")
            yield f"kind:{noun.en}", "kinds", "kind", questions, (_answer(kind), kind_ar), full


def all_facts() -> Iterator[Row]:
    for source in (opposites, sums, colours, capitals, calendar, animals, kinds):
        yield from source()
