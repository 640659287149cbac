"""The words of the demo world, parsed once from the tables in `words/`, one word a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TypeVar

T = TypeVar("T")
TABLES = Path(__file__).with_name("words")


@dataclass(frozen=True, slots=True)
class Noun:
    """One noun. `plural_kind`: sm/sf sound masculine/feminine, b broken, d broken and diptote (no tanwin)."""

    en: str
    en_plural: str
    ar: str
    ar_plural: str
    gender: str
    plural_kind: str
    tags: frozenset[str]
    variants: tuple[Noun, ...] = ()

    @property
    def human(self) -> bool:
        return bool(self.tags & {"human", "role", "kin"})

    @property
    def mass(self) -> bool:
        return "mass" in self.tags


@dataclass(frozen=True, slots=True)
class Adjective:
    """`human_plural` is the masculine plural for people, "" where it is the sound one (-ون)."""

    en: str
    m: str
    f: str
    human_plural: str
    tags: frozenset[str]
    more_en: str = ""
    more_ar: str = ""
    diptote: bool = False


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb with its object's preposition, the noun tags its object may have, and the adjuncts it takes."""

    en: str
    past: str
    ing: str
    ar: str
    ar_present: str
    forms: dict[str, str] = field(hash=False)
    preposition: str
    objects: frozenset[str]
    adjuncts: tuple[str, ...]
    variants: tuple[Verb, ...] = ()

    @property
    def transitive(self) -> bool:
        return bool(self.objects)


@dataclass(frozen=True, slots=True)
class Name:
    """A proper name; `accusative` is "" for names the grammar keeps out of object position."""

    en: str
    ar: str
    accusative: str
    gender: str


def rows(table: str) -> Iterator[list[str]]:
    """The lines of a table, each as its cells."""
    for line in (TABLES / f"{table}.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("|")


def pairs(table: str) -> list[tuple[str, str]]:
    return [(en, ar) for en, ar in rows(table)]


def _group(items: list) -> dict:
    """By English word; later lines of the same word become variants of the first."""
    groups: dict[str, list] = {}
    for item in items:
        groups.setdefault(item.en, []).append(item)
    return {en: replace(first, variants=tuple(others)) for en, (first, *others) in groups.items()}


def _roles(feminine: bool) -> dict[str, Noun]:
    tags, found = frozenset(["role"]), {}
    for en, plural, ar, ar_plural, kind in rows("roles"):
        if feminine:
            found[en] = Noun(en, plural, ar + "ة", ar + "ات", "f", "sf", tags)
        else:
            found[en] = Noun(en, plural, ar, ar_plural, "m", kind, tags)
    return found


def _adjectives() -> dict[str, Adjective]:
    return {
        en: Adjective(
            en,
            m,
            (m[:-2] + "يئ" if m.endswith("يء") else m) + "ة",
            "" if plural == "+" else plural,
            frozenset(tags.split()),
            "" if more_en == "-" else more_en,
            "" if more_ar == "-" else more_ar,
        )
        for en, m, plural, more_en, more_ar, tags in rows("adjectives")
    }


def _verbs() -> dict[str, Verb]:
    found = []
    for en, past, ing, ar, present, forms, preposition, objects, adjuncts in rows("verbs"):
        irregular = dict(item.split("=") for item in forms.split())
        tags = frozenset(objects.split())
        found.append(Verb(en, past, ing, ar, present, irregular, preposition, tags, tuple(adjuncts.split())))
    return _group(found)


def _names() -> dict[str, Name]:
    """Men and women in turn, so that neither is rarer."""
    found = {}
    for men_and_women in zip(rows("men"), rows("women"), strict=True):
        for gender, (en, ar, accusative) in zip("mf", men_and_women, strict=True):
            found[en] = Name(en, ar, {"=": ar, "-": ""}.get(accusative, accusative), gender)
    return found


NOUNS: dict[str, Noun] = _group(
    [
        Noun(en, many, ar, ar_many, gender, kind, frozenset(tags.split()))
        for en, many, ar, ar_many, gender, kind, tags in rows("nouns")
    ]
)
ROLES = _roles(feminine=False)
ROLES_F = _roles(feminine=True)
KIN = {en: Noun(en, en + "s", ar, "", gender, "b", frozenset(["kin"])) for en, ar, gender in rows("kin")}
ADJECTIVES = _adjectives()
COLOURS = {
    en: Adjective(en, m, f, "", frozenset(["colour"]), diptote=m.startswith("أ")) for en, m, f in rows("colours")
}
VERBS = _verbs()
NAMES = _names()
CAPITALS = list(rows("capitals"))
CITIES = [(row[0], row[1]) for row in CAPITALS]
SUBJECTS, DAYS, MONTHS = pairs("subjects"), pairs("days"), pairs("months")
TIMES = {"past": pairs("past_times"), "present": pairs("present_times"), "future": pairs("future_times")}


def by_tag(tag: str) -> tuple[Noun, ...]:
    """Nouns that carry the tag, in table order; roles and relatives by `role` and `kin`."""
    if tag not in _BY_TAG:
        pool = [*NOUNS.values(), *ROLES.values(), *KIN.values()]
        _BY_TAG[tag] = tuple(noun for noun in pool if tag in noun.tags)
    return _BY_TAG[tag]


def adjectives_for(noun: Noun) -> tuple[Adjective, ...]:
    """Adjectives that make sense with the noun, by shared tags."""
    if noun not in _ADJECTIVES_FOR:
        tags = noun.tags | ({"human"} if noun.human else set())
        _ADJECTIVES_FOR[noun] = tuple(adjective for adjective in ADJECTIVES.values() if adjective.tags & tags)
    return _ADJECTIVES_FOR[noun]


_BY_TAG: dict[str, tuple[Noun, ...]] = {}
_ADJECTIVES_FOR: dict[Noun, tuple[Adjective, ...]] = {}


def pick(rng: Random, items: Sequence[T], skew: float = 16.0) -> T:
    """One item, the earlier ones more often (as words are in real text); skew 1 is uniform."""
    return items[int(len(items) * rng.random() ** skew)]


def variant(rng: Random, word: T) -> T:
    """The word, or in one case of twenty another Arabic word for the same English one."""
    others = getattr(word, "variants", ())
    return rng.choice(others) if others and rng.random() < 0.05 else word


def pick_some(rng: Random, items: Sequence[T], n: int) -> list[T]:
    """n different items, chosen as `pick` does."""
    found: dict[int, T] = {}
    while len(found) < n:
        index = int(len(items) * rng.random() ** 2.0)
        found[index] = items[index]
    return list(found.values())
