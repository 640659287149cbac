"""Facts that are not about people: opposites, sums, colours, capitals, days and months, animals, kinds of things.

`all_facts` gives (key, subject, group of wrong answers, questions, short answer, full answer); texts are
(English, Arabic) pairs. How each kind of fact is asked for and stated is in `facts.txt`.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from factory.demo import grammar_ar as ar
from factory.demo import grammar_en as en
from factory.demo.lexicon import CAPITALS, COLOURS, DAYS, MONTHS, NOUNS, Noun, pairs, rows
from factory.demo.phrases import Pair
from factory.text.template import fill

Row = tuple[str, str, str, tuple[Pair, ...], Pair, Pair]

WORDING = Path(__file__).with_name("facts.txt")
KINDS = [("animal", "an animal", "حيوان"), ("fruit", "a fruit", "فاكهة"), ("vehicle", "a vehicle", "مركبة")]
KINDS += [("clothes", "a piece of clothing", "قطعة ملابس"), ("furniture", "a piece of furniture", "قطعة أثاث")]
LEG = Noun("leg", "legs", "رجل", "أرجل", "f", "b", frozenset())


@cache
def _wording() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in WORDING.read_text("utf-8").splitlines():
        if line.startswith("["):
            lines = found[line.strip("[]")] = []
        elif line and not line.startswith("#"):
            lines.append(line)
    return found


def worded(kind: str, /, **values: str) -> tuple[tuple[Pair, ...], Pair]:
    """(questions, statement) of a kind of fact with its values put in, each as (English, Arabic)."""
    filled = [[fill(side, values) for side in line.removeprefix("= ").split(" | ")] for line in _wording()[kind]]
    *questions, statement = [(english, arabic) for english, arabic in filled]
    return tuple(questions), statement


def capitalized(text: str) -> str:
    """With a capital at its beginning."""
    return text[0].upper() + text[1:]


def opposites() -> Iterator[Row]:
    table = pairs("opposites")
    for index, (word, word_ar) in enumerate(table):
        other, other_ar = table[index ^ 1]
        questions, full = worded("opposite", word=word, word_ar=word_ar, other=other, other_ar=other_ar)
        yield f"opposite:{word}", "opposites", "opposite", questions, (capitalized(other), other_ar), full


def sums() -> Iterator[Row]:
    for a in range(1, 8):
        for b in range(1, 8):
            e, f = en.number(a), en.number(b)
            said = {"e": e, "f": f, "E": capitalized(e), "x": ar.cardinal(a, "m"), "y": ar.cardinal(b, "m")}
            said |= {"x_of": ar.cardinal(a, "m", "g"), "y_of": ar.cardinal(b, "m", "g")}
            said |= {"y_object": ar.cardinal(b, "m", "a")}
            for kind, sign, n in (("sum", "+", a + b), ("difference", "-", a - b)):
                if n > 0 and (kind == "sum" or a > b):
                    said |= {"result": en.number(n), "result_ar": ar.cardinal(n, "m", "a")}
                    questions, full = worded(kind, **said)
                    short = capitalized(en.number(n)), ar.cardinal(n, "m")
                    yield f"{kind}:{a}{sign}{b}", "sums", "number", questions, short, full


def colours() -> Iterator[Row]:
    for thing, thing_ar, gender, colour in rows("coloured"):
        adj = COLOURS[colour]
        said = {
            "thing": thing,
            "Thing": capitalized(thing),
            "thing_ar": thing_ar,
            "to_thing_ar": ar.prefixed("ل", thing_ar),
        }
        said |= {"colour": colour, "colour_ar": adj.m if gender == "m" else adj.f}
        questions, full = worded("colour of", **said)
        yield f"colour of:{thing}", "colours", "colour", questions, (capitalized(colour), adj.m), full


def capitals() -> Iterator[Row]:
    for city, city_ar, country, country_ar in CAPITALS:
        said = {"city": city, "city_ar": city_ar, "country": country, "country_ar": country_ar}
        questions, full = worded("capital", **said)
        yield f"capital:{country}", "capitals", "city", questions, (city, city_ar), full
        questions, full = worded("country", **said)
        yield f"country:{city}", "capitals", "country", questions, (country, country_ar), full


def calendar() -> Iterator[Row]:
    for unit, unit_ar, names in (("day", "يوم", DAYS), ("month", "شهر", MONTHS)):
        for index, (name, name_ar) in enumerate(names):
            for word, word_ar, verb_ar, step in (("after", "بعد", "يلي", 1), ("before", "قبل", "يسبق", -1)):
                other, other_ar = names[(index + step) % len(names)]
                said = {"unit": unit, "unit_ar": unit_ar, "word": word, "word_ar": word_ar, "verb_ar": verb_ar}
                said |= {"name": name, "name_ar": name_ar, "other": other, "other_ar": other_ar}
                questions, full = worded("neighbour", **said)
                yield f"{unit} {word}:{name}", "calendar", unit, questions, (other, other_ar), full


def animals() -> Iterator[Row]:
    for animal, food, food_ar, home, home_ar, legs in rows("animals"):
        noun = NOUNS[animal]
        x, a = f"the {animal}", ar.definite(noun.ar)
        eats, lives = ("تأكل", "تعيش") if noun.gender == "f" else ("يأكل", "يعيش")
        said = {"x": x, "X": capitalized(x), "a": a, "eats": eats, "lives": lives}
        questions, full = worded("eats", **said, food=food, food_ar=ar.definite(food_ar))
        yield f"eats:{animal}", "animals", "animal food", questions, (capitalized(food), food_ar), full
        questions, full = worded("home", **said, home=home, home_ar=home_ar)
        yield f"home:{animal}", "animals", "animal home", questions, (capitalized(home), home_ar), full
        if n := int(legs):
            many, many_ar = f"{en.number(n)} legs", ar.counted(LEG, n, [])
            questions, full = worded("legs", **said, at=ar.prefixed("ل", a), many=many, many_ar=many_ar)
            yield f"legs:{noun.en}", "animals", "legs", questions, (capitalized(many), many_ar), full


def kinds() -> Iterator[Row]:
    for tag, kind, kind_ar in KINDS:
        for noun in [noun for noun in NOUNS.values() if tag in noun.tags][:5]:
            x, a = f"the {noun.en}", ar.definite(noun.ar)
            belongs, it = ("تنتمي", "هي") if noun.gender == "f" else ("ينتمي", "هو")
            said = {
                "x": x,
                "X": capitalized(x),
                "a": a,
                "belongs": belongs,
                "it": it,
                "kind": kind,
                "kind_ar": kind_ar,
            }
            questions, full = worded("kind", **said)
            yield f"kind:{noun.en}", "kinds", "kind", questions, (capitalized(kind), kind_ar), full


def all_facts() -> Iterator[Row]:
    for source in (opposites, sums, colours, capitals, calendar, animals, kinds):
        yield from source()
