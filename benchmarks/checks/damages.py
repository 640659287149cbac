"""Ways in which translations break, done by a program to good pairs in any language.

A kind of damage has several forms. Those marked `SET_ASIDE` were not looked at when the checks were first written. A
form takes the pairs of lines, from which it may put longer documents together.
"""

from __future__ import annotations

import html.entities
import random
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from itertools import chain, cycle, islice, pairwise
from typing import NamedTuple

from benchmarks.checks.damage_words import ANSWERS, LETTERS, PERCENT
from factory.text.entities import entities
from factory.text.language_codes import language_of, script_of_code

Pair = tuple[str, str]


class Broken(NamedTuple):
    """A document, its translation, the same damaged, and the source of that where it is another."""

    source: str
    good: str
    bad: str
    asked: str | None = None


Damage = Callable[[list[Pair], str], list[Broken]]

MOST = 150  # documents of one form that are damaged
DENSE = ("Hans", "Hant", "Jpan", "Thai", "Laoo", "Khmr", "Mymr")  # scripts without spaces between words
JOINERS = ("fa", "ckb", "ur", "hi", "bn", "mr", "ne", "ta", "te", "kn", "ml", "gu", "pa", "si", "as", "or")
SET_ASIDE = "*"  # begins the name of a form that is kept apart


def script(code: str) -> str:
    return script_of_code(code) or "Latn"


def changing(change: Callable[[str, random.Random], str], only: Callable[[str], bool] = lambda code: True) -> Damage:
    """Changes the translation of one line; pairs in which that changes nothing are left out."""

    def damage(pairs: list[Pair], code: str) -> list[Broken]:
        if not only(code):
            return []
        made = (Broken(a, b, change(b, random.Random(zlib.crc32(a.encode())))) for a, b in pairs)
        return [*islice((one for one in made if one.good != one.bad), MOST)]

    return damage


def of_words(change: Callable[[list[str], random.Random], list[str]], **where: Callable[[str], bool]) -> Damage:
    """Changes the words of a translation of at least five."""
    return changing(
        lambda text, draw: " ".join(change(text.split(" "), draw)) if text.count(" ") > 3 else text, **where
    )


def spaced(code: str) -> bool:
    return script(code) not in DENSE


def documents(pairs: list[Pair], lines: int, between: str) -> Iterator[tuple[list[str], list[str]]]:
    """Sources and translations of so many lines of the size of a sentence, one after the other."""
    for start in range(0, min(len(pairs), lines * MOST) - lines + 1, lines):
        part = pairs[start : start + lines]
        yield [a for a, _ in part], [b for _, b in part]


def rebuilt(lines: int, between: str, change: Callable[[list[str], random.Random], list[str]]) -> Damage:
    """Changes the list of a document's translated lines."""

    def damage(pairs: list[Pair], code: str) -> list[Broken]:
        found = []
        for sources, targets in documents(pairs, lines, between):
            joined = "" if between == " " and script(code) in ("Hans", "Hant", "Jpan") else between
            broken = change([*targets], random.Random(zlib.crc32(sources[0].encode())))
            found.append(Broken(between.join(sources), joined.join(targets), joined.join(broken)))
        return found

    return damage


# Characters.


def inside_words(sign: str, every: int = 4) -> Callable[[str, random.Random], str]:
    def change(text: str, draw: random.Random) -> str:
        places = [match.end() for match in re.finditer(r"[^\W\d_]{2}(?=[^\W\d_]{2})", text)]
        for place in sorted(draw.sample(places, max(1, len(places) // every)) if places else [], reverse=True):
            text = text[:place] + sign + text[place:]
        return text

    return change


def in_one_word(sign: str) -> Callable[[str, random.Random], str]:
    return inside_words(sign, 10**6)


def letters_lost(sign: str, every: int) -> Callable[[str, random.Random], str]:
    def change(text: str, draw: random.Random) -> str:
        return re.sub(r"[^\W\d_]", lambda letter: sign if draw.randrange(every) == 0 else letter[0], text)

    return change


def accents_lost(text: str, draw: random.Random) -> str:
    return re.sub(r"[^\x00-\x7f«»“”‘’„–—…]", "?", text)


def marks_as(table: dict[str, str]) -> Callable[[str, random.Random], str]:
    return lambda text, draw: re.sub(rf"[{re.escape(''.join(table))}](?!\d)", lambda mark: table[mark[0]], text)


FULL_WIDTH = {
    ",": "，",
    "،": "，",
    ".": "。",
    ":": "：",
    "؟": "？",
    "?": "？",
    "!": "！",
    "؛": "；",
    ";": "；",
    "।": "。",
}


def stretched(text: str, draw: random.Random) -> str:
    return re.sub(
        r"(?<=[بتثجحخسشصضطظعغفقكلمنهيئپچکگی])(?=[\u0620-\u064aپچکگی])", lambda _: "ـ" * draw.choice((0, 0, 1, 3)), text
    )


def stretched_once(text: str, draw: random.Random) -> str:
    words = re.findall(r"[\u0620-\u064a]*[بتجحسصطعفقكلمنهي](?=[\u0620-\u064a]{2})", text)
    return text.replace(words[0], words[0] + "ـ" * 4, 1) if words else text


FORMS: dict[str, list[str]] = {}
for _point in [*range(0xFB50, 0xFBB2), *range(0xFE80, 0xFEF5)]:
    if len(_plain := unicodedata.normalize("NFKC", chr(_point))) == 1:
        FORMS.setdefault(_plain, []).append(chr(_point))


def presented(place: int) -> Callable[[str, random.Random], str]:
    return lambda text, draw: "".join(FORMS[c][min(place, len(FORMS[c]) - 1)] if c in FORMS else c for c in text)


def misread(encoding: str) -> Callable[[str, random.Random], str]:
    def change(text: str, draw: random.Random) -> str:
        return "".join(
            byte.decode(encoding, "ignore") or byte.decode("latin-1")
            for byte in (bytes([value]) for value in text.encode())
        )

    return change


def as_named(text: str, draw: random.Random) -> str:
    names = html.entities.codepoint2name
    return "".join(f"&{names[ord(c)]};" if c.isalpha() and ord(c) in names and ord(c) > 127 else c for c in text)


# Words.


def again(times: int, between: str = " ") -> Callable[[list[str], random.Random], list[str]]:
    def change(words: list[str], draw: random.Random) -> list[str]:
        places = [place for place, word in enumerate(words) if word.isalpha() and len(word) > 1]
        place = draw.choice(places or [0])
        return [*words[:place], between.join([words[place]] * times), *words[place + 1 :]]

    return change


def again_dense(text: str, draw: random.Random) -> str:
    found = [*re.finditer(r"[^\W\d_a-zA-Z]{2}", text)]
    place = draw.choice(found) if found else None
    return text[: place.start()] + place[0] * 4 + text[place.end() :] if place else text


def put_in(*names: str) -> Callable[[str, random.Random], str]:
    def change(text: str, draw: random.Random) -> str:
        words = text.split(" ")
        place = draw.randrange(1, len(words)) if len(words) > 2 else len(words)
        if len(words) > 2:
            return " ".join([*words[:place], draw.choice(names), *words[place:]])
        middle = len(text) // 2
        return f"{text[:middle]}{draw.choice(names)}{text[middle:]}"

    return change


def in_front(texts: dict[str, tuple[str, ...]], between: str) -> Damage:
    def damage(pairs: list[Pair], code: str) -> list[Broken]:
        names = [*texts["en"], *texts.get(language_of(code), ())]
        return [Broken(a, b, f"{names[n % len(names)]}{between}{b}") for n, (a, b) in enumerate(pairs[:MOST])]

    return damage


def behind(texts: dict[str, tuple[str, ...]], between: str) -> Damage:
    def damage(pairs: list[Pair], code: str) -> list[Broken]:
        said = [*texts["en"][: 0 if language_of(code) in texts else None], *texts.get(language_of(code), ())]
        return [Broken(a, b, f"{b}{between}{said[n % len(said)]}") for n, (a, b) in enumerate(pairs[:MOST])]

    return damage


def residue(texts: dict[str, tuple[str, ...]]) -> Damage:
    """The prompt stands in the source and was translated with it, or left."""

    def damage(pairs: list[Pair], code: str) -> list[Broken]:
        said = texts.get(language_of(code), texts["en"])
        prompts = zip(pairs[:MOST], cycle(zip(texts["en"], said, strict=True)), strict=False)
        return [Broken(a, b, f"{b} {theirs}", f"{a} {ours}") for (a, b), (ours, theirs) in prompts]

    return damage


def residue_in_target(texts: dict[str, tuple[str, ...]]) -> Damage:
    """The prompt stands below the translation alone."""
    return lambda pairs, code: [
        Broken(a, b, f"{b} {said}") for (a, b), said in zip(pairs[:MOST], cycle(texts["en"]), strict=False)
    ]


def thinking(ways: tuple[str, ...]) -> Damage:
    def damage(pairs: list[Pair], code: str) -> list[Broken]:
        return [Broken(a, b, ways[n % len(ways)].format(b)) for n, (a, b) in enumerate(pairs[:MOST])]

    return damage


# Things that have a name.


def entities_changed(kind: str = "") -> Damage:
    """A month, weekday … that both name, put in the place of another of its kind in the translation."""

    def damage(pairs: list[Pair], code: str) -> list[Broken]:
        ours, theirs = entities("en"), entities(code)
        if ours is None or theirs is None:
            return []
        found: list[Broken] = []
        for a, b in pairs:
            shared = ours.found(a).keys() & theirs.found(b).keys()
            draw = random.Random(zlib.crc32(a.encode()))
            for form, item in theirs.forms.items():
                if item in shared and item[0].startswith(kind) and re.search(rf"(?<!\w){re.escape(form)}", b):
                    others = [o for o, other in theirs.forms.items() if other[0] == item[0] and other not in shared]
                    whole = re.escape(form) + (r"\w*" if spaced(code) else "")
                    found += [Broken(a, b, re.sub(whole, draw.choice(others), b))] if others else []
                    break
        return found[:MOST]

    return damage


def sign_changed(pairs: list[Pair], code: str) -> list[Broken]:
    """Dollars of the source as euros, by sign."""
    made = (Broken(a, b, re.sub(r"(?:US)?\$", "€", b)) for a, b in pairs if "$" in a)
    return [one for one in made if one.good != one.bad][:MOST]


def percent_lost(all_of_them: bool) -> Damage:
    def damage(pairs: list[Pair], code: str) -> list[Broken]:
        words = [*PERCENT["en"], *PERCENT.get(language_of(code), ())]
        sign = re.compile("|".join(rf"[\s\u00a0\u202f]?{word}" for word in words))
        made = (
            Broken(a, b, sign.sub("", b, 0 if all_of_them else 1))
            for a, b in pairs
            if re.search(r"\d ?(?:%|per ?cent)", a)
        )
        return [one for one in made if one.good != one.bad][:MOST]

    return damage


def letter_changed(ask: str, own: bool) -> Damage:
    """A question with four choices and the letter of the right one, of which another is made."""

    def damage(pairs: list[Pair], code: str) -> list[Broken]:
        word = ANSWERS.get(language_of(code))
        theirs = LETTERS.get(language_of(code), "ABCD") if own else "ABCD"
        if word is None or (own and theirs == "ABCD"):
            return []
        found = []
        for n, (first, *rest) in enumerate(zip(*(islice(pairs, k, None, 5) for k in range(5)), strict=False)):
            sources = [first[0], *(f"{letter}. {a}" for letter, (a, _) in zip("ABCD", rest, strict=True))]
            targets = [first[1], *(f"{letter}. {b}" for letter, (_, b) in zip(theirs, rest, strict=True))]
            right, wrong = n % 4, (n + 1 + n % 3) % 4
            ends = [ask.format(word, theirs[place]) for place in (right, wrong)]
            source = "\n".join([*sources, ask.format("Answer", "ABCD"[right])])
            found.append(Broken(source, *("\n".join([*targets, end]) for end in ends)))
        return found[:MOST]

    return damage


# Passages.


def bold(marks: str, lost: int) -> Damage:
    """Two words of each text are marked, of which `lost` are not in the translation."""

    def marked(text: str, many: int) -> str:
        words = text.split(" ")
        for place in (1, 3)[:many]:
            words[place] = f"{marks}{words[place].strip('.,،')}{marks}"
        return " ".join(words)

    def damage(pairs: list[Pair], code: str) -> list[Broken]:
        long = [(a, b) for a, b in pairs if min(a.count(" "), b.count(" ")) > 5 and "*" not in a + b]
        return [Broken(marked(a, 2), marked(b, 2), marked(b, 2 - lost)) for a, b in long[:MOST]]

    return damage


def table(swap: Callable[[list[list[str]]], list[list[str]]], row: str = "| {} | {} | {} |") -> Damage:
    """A table of names and numbers, of whose translation `swap` changes the rows below the head."""

    def damage(pairs: list[Pair], code: str) -> list[Broken]:
        found = []
        short = sorted(pairs, key=lambda pair: len(pair[0]))[: 5 * MOST]
        for n, rows in enumerate(zip(*(islice(short, k, None, 4) for k in range(4)), strict=False)):
            draw = random.Random(n)
            values = [[str(draw.randrange(1950, 2025)), str(draw.randrange(3, 900))] for _ in rows[1:]]
            if len({*chain(*values)}) < 6:
                continue
            texts = []
            for side in (0, 1):
                head = [rows[0][side], *("ab")] if "|" in row else []
                body = [[pair[side], *numbers] for pair, numbers in zip(rows[1:], values, strict=True)]
                for below in [body] if side == 0 else [body, swap([[*cells] for cells in body])]:
                    lines = [row.format(*head), "| --- | --- | --- |"] if head else []
                    texts.append("\n".join([*lines, *(row.format(*cells) for cells in below)]))
            found.append(Broken(*texts))
        return found[:MOST]

    return damage


def columns_swapped(rows: list[list[str]]) -> list[list[str]]:
    return [[name, second, first] for name, first, second in rows]


def columns_rotated(rows: list[list[str]]) -> list[list[str]]:
    return [[second, name, first] for name, first, second in rows]


def values_swapped(rows: list[list[str]]) -> list[list[str]]:
    rows[0][2], rows[1][2] = rows[1][2], rows[0][2]
    return rows


def row_values_swapped(rows: list[list[str]]) -> list[list[str]]:
    rows[0][1:], rows[-1][1:] = rows[-1][1:], rows[0][1:]
    return rows


def one_dropped(targets: list[str], draw: random.Random) -> list[str]:
    del targets[draw.randrange(len(targets))]
    return targets


def last_dropped(targets: list[str], draw: random.Random) -> list[str]:
    return targets[:-1]


def another_in(pairs: list[Pair], code: str) -> list[Broken]:
    """One of five paragraphs is that of another document, of like length."""
    found = []
    for (sources, targets), (_, others) in pairwise(documents(pairs, 5, "\n\n")):
        place = zlib.crc32(sources[0].encode()) % 5
        other = min(others, key=lambda text: abs(len(text) - len(targets[place])))
        broken = [*targets[:place], other, *targets[place + 1 :]]
        found.append(Broken(*("\n\n".join(lines) for lines in (sources, targets, broken))))
    return found


# As benchmarks/checks/languages.py tells them by language.


def untranslated(pairs: list[Pair], code: str) -> list[Broken]:
    """The source in place of its translation."""
    return [Broken(a, b, a) for a, b in pairs]


def half_untranslated(pairs: list[Pair], code: str) -> list[Broken]:
    """The second half of the source in place of that of the translation."""
    return [Broken(a, b, f"{b[: len(b) // 2]} {a[len(a) // 2 :]}") for a, b in pairs]


def half_dropped(pairs: list[Pair], code: str) -> list[Broken]:
    """The second half left out, of sentences of 80 characters or more."""
    return [Broken(a, b, f"{b[: len(b) // 2].rstrip()}") for a, b in pairs if len(a) >= 80]


def shifted(pairs: list[Pair], code: str) -> list[Broken]:
    """The translation of the next sentence."""
    return [Broken(a, b, following) for (a, b), (_, following) in pairwise(pairs)]


def numbers_changed(pairs: list[Pair], code: str) -> list[Broken]:
    """Three more in every digit of the translation, where both have the same number of at least two."""
    return [Broken(a, b, "".join(map(_other_digit, b))) for a, b in pairs if _numbers(a) & _numbers(b)]


def _numbers(text: str) -> set[str]:
    digits = "".join(str(unicodedata.decimal(c, " ")) for c in text)
    return {number for number in digits.split() if len(number) > 1}


def _other_digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else chr(ord(character) - value + (value + 3) % 10)
