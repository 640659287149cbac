"""Things that every language has a name for: months, weekdays, currencies, countries, cities, compass directions,
million and billion. Their names are CLDR's, for every language it has; `entities.tsv` adds what it lacks.
"""

from __future__ import annotations

import pickle
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from factory.text.arabic import fold
from factory.text.cldr import locale, scale_words
from factory.text.column import Texts
from factory.text.language_codes import language_of
from factory.text.language_table import is_arabic
from factory.text.phrases import Phrases
from factory.text.scripts import scripts_of
from factory.text.words import WITHOUT_SPACES

Item = tuple[str, str]
"""Kind and name of a thing: ``("month", "3")``."""

Named = tuple[Item, str, bool]
"""A thing, a name of it, and whether the name alone says that it is meant; others (French) may mean something else."""

SHORTEST, STEM, SPARED = 3, 4, 2  # letters of a form; of its stem at least; that an ending may change
_CLITICS = re.compile(r"(?:^|[^\w])[وف]?[بلك]?(?:ال|ل)?$")  # what Arabic writes onto the beginning of a word
_DATED = re.compile(r"(?:\b(?:in|on|of|by|since|until|from|to|late|early|mid|last|next|this|and)|\d|-)\s*$")
JOINER = "\u200c"  # keeps letters of one word apart
_HALF = re.compile("[\ud800-\udfff]")
_KATAKANA = re.compile("[\u30a1-\u30ff]")
_VERBS = frozenset(["May", "March"])  # months that begin English sentences as verbs
_DIGITS_BEFORE = re.compile(r"(\d[\d.,]*)\W{0,2}$")
_CURRENT = frozenset(
    [
        "USD",
        "EUR",
        "GBP",
        "JPY",
        "CNY",
        "INR",
        "RUB",
        "TRY",
        "CHF",
        "SEK",
        "PLN",
        "SAR",
        "AED",
        "EGP",
        "KWD",
        "IQD",
        "ILS",
        "IRR",
        "MAD",
        "DZD",
        "BRL",
        "MXN",
        "ZAR",
        "THB",
        "UAH",
        "NGN",
    ]
)
# Signs of currencies that stand for one noun; ¥ is that of yen and yuan.
_SIGNS = {"$": "dollar", "€": "euro", "£": "pound", "₹": "rupee", "₽": "ruble", "₺": "lira", "₪": "shekel"}
_WORDS = frozenset(["won", "real", "sol", "rand"])  # English words as well
_NO_COUNTRIES = frozenset(["EU", "EZ", "UN", "QO", "ZZ", "XA", "XB", "MF", "SX"])  # nor saints
MANY_DIGITS = 3
MANY = 40  # locales of a language
_COMPASS = ("north", "south", "east", "west")


@dataclass(frozen=True)
class Entities:
    """The names of one language.

    Attributes:
        forms: a name as it is written -> what it names; forms that name several things of one kind are left out.
        stems: a thing -> beginnings of its names, of which one is met wherever it is named in another case or number.
        spaced: words stand apart; a name must be one, or several.
    """

    forms: dict[str, Item]
    stems: dict[Item, set[str]]
    spaced: bool
    arabic: bool
    english: bool

    @cached_property
    def _items(self) -> list[Item]:
        return list(self.forms.values())

    @cached_property
    def _automaton(self) -> Any:
        from ahocorasick_rs import AhoCorasick, MatchKind

        return AhoCorasick(list(self.forms), matchkind=MatchKind.LeftmostLongest)

    def _matches(self, text: str) -> list[tuple[int, int, int]]:
        try:
            return self._automaton.find_matches_as_indexes(text)
        except UnicodeEncodeError:  # halves of characters
            return self._automaton.find_matches_as_indexes(_HALF.sub("\0", text))

    def found(self, text: str) -> dict[Item, str]:
        """What the text names, with the digits right before the name (empty where there are none)."""
        found: dict[Item, str] = {}
        for number, start, end in self._matches(text):
            if self._stands_alone(text, start, end):
                digits = _DIGITS_BEFORE.search(text[max(0, start - 20) : start])
                found.setdefault(self._items[number], digits[1] if digits else "")
        return found

    @cached_property
    def _names(self) -> Phrases:
        return Phrases({"names": self.forms})

    def may_name(self, texts: Texts) -> Any:
        """Which texts hold a name, whatever stands beside it: one truth value each."""
        return self._names.found(texts.folded if self.arabic else texts, "names")

    def mentions(self, text: str, item: Item) -> bool:
        """Is the thing named in any form that begins like its names? A million is not within mil millones."""
        if item[0] == "scale":
            for number, start, end in self._matches(text):
                if self._items[number][0] == "scale" and self._items[number] != item:
                    text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
        return any(stem in text for stem in self.stems.get(item, ()))

    def _stands_alone(self, text: str, start: int, end: int) -> bool:
        if text[start:end] in _SIGNS:
            return True
        if not self.spaced:  # only Katakana, for what is foreign, shows where a word ends
            return not (
                _KATAKANA.match(text[start]) and _KATAKANA.search(text[start - 1 : start] + text[end : end + 1])
            )
        if text[end : end + 1].isalnum():
            return False
        if self.english and text[start:end] in _VERBS:
            return _DATED.search(text[max(0, start - 8) : start]) is not None or text[end : end + 2].strip().isdigit()
        if self.arabic:
            return _CLITICS.search(text[max(0, start - 6) : start]) is not None
        return not text[start - 1 : start].isalnum()


def changed(source: str, target: str, ours: Entities, theirs: Entities) -> list[tuple[Item, Item]]:
    """Things that the source names and the translation does not, each with another one of its kind of which it is the
    other way round.

    >>> en, ar = entities("en"), entities("ar")
    >>> changed("It opens in March.", "يفتح في مايو.", en, ar), changed("It opens in March.", "يفتح في مارس.", en, ar)
    ([(('month', '3'), ('month', '5'))], [])
    """
    if theirs.arabic:
        target = fold(target)
    if ours.arabic:
        source = fold(source)
    before = ours.found(source)
    lost = [item for item in before if item in theirs.stems and not theirs.mentions(target, item)]
    if not lost:
        return []
    after = theirs.found(target)
    added = [item for item in after if item not in before and not ours.mentions(source, item)]
    pairs: list[tuple[Item, Item]] = []
    for old in lost:
        new = next((item for item in added if _alike(old, item, theirs.stems.get(item, {""}))), None)
        if new and (old[0] != "scale" or _same_number(before[old], after[new])):
            added.remove(new)
            pairs.append((old, new))
    return pairs


def _alike(old: Item, new: Item, names: set[str]) -> bool:
    """Are they of one kind? Countries and cities are, but for those of one country, and names that may be a part of
    any word; `names` are the new one's."""
    if old[0] == new[0]:
        return True
    places = dict((old, new))
    return places.keys() == {"territory", "city"} and (
        _countries().get(places["city"]) != places["territory"] and max(map(len, names)) > SHORTEST
    )


@cache
def _countries() -> dict[str, str]:
    """City -> code of its country, of cities that give time zones their names."""
    from babel.core import get_global

    return {_city(zone).casefold(): territory for zone, territory in get_global("zone_territories").items()}


def _city(zone: str) -> str:
    return _english().time_zones.get(zone, {}).get("city", zone.split("/")[-1].replace("_", " "))


def _same_number(one: str, other: str) -> bool:
    """May both be the number before a scale? A small one may be spelled out; 2,000 million are 2 billion."""
    one, other = (re.sub(r"\D", "", number) for number in (one, other))
    return one == other or ("" in (one, other) and len(one + other) < MANY_DIGITS)


@cache
def entities(language: str) -> Entities | None:
    """The names of a language; None where CLDR has none."""
    arabic = is_arabic(language)
    named: dict[str, set[Item]] = {}
    written_for: dict[Item, set[str]] = {}
    shortest = _shortest(language)
    for item, form, names in [*_from_cldr(language), *_from_table(language)]:
        form = fold(form).removeprefix("ال") if arabic else form
        for written in _spellings(form, item) if len(form) >= shortest else ():
            if names:
                named.setdefault(written, set()).add(item)
            written_for.setdefault(item, set()).add(written)
    if not named:
        return None
    for sign, noun in _SIGNS.items():
        named[sign] = {("currency", noun)}
        written_for.setdefault(("currency", noun), set()).add(sign)
    scales = [(name, items) for name, items in named.items() if any(item[0] == "scale" for item in items)]
    stems = {item: {_stem(form, item, scales) for form in names} for item, names in written_for.items()}
    forms = {form: next(iter(items)) for form, items in named.items() if len(items) == 1}
    return Entities(forms, stems, not _dense(language), arabic, language_of(language) == "en")


def _stem(form: str, item: Item, scales: list[tuple[str, set[Item]]]) -> str:
    """The form without what an ending may change, but not so short that other scales begin so, too."""
    size = len(form) if len(form) <= STEM else max(STEM, len(form) - SPARED)
    if item[0] == "scale":
        others = [name for name, items in scales if item not in items]
        while size < len(form) and any(form[:size] in other for other in others):
            size += 1
    return form[:size]


def _spellings(form: str, item: Item) -> set[str]:
    """With and without a joiner that keeps letters apart; at the beginning of a sentence, where it is no name then."""
    forms = {form, form.replace(JOINER, " "), form.replace(JOINER, "")} if JOINER in form else {form}
    return forms if item[0] == "compass" else forms | {form[0].upper() + form[1:] for form in forms}


def _shortest(language: str) -> int:
    """Characters of the shortest name that is looked for: a syllable of Lao or Khmer may be part of any word."""
    scripts = {*scripts_of(language)}
    if not scripts.isdisjoint(("Hans", "Hant", "Jpan")):
        return 2
    return 6 if _dense(language) else SHORTEST


def _dense(language: str) -> bool:
    return not {*WITHOUT_SPACES, "Hans", "Hant", "Tibt"}.isdisjoint(scripts_of(language))


def _from_cldr(language: str) -> Iterator[Named]:
    known = locale(language)
    if known is None:
        return
    for variant in _variants(known.language):
        for context in ("format", "stand-alone"):
            yield from (
                (("month", str(number)), name, True) for number, name in variant.months[context]["wide"].items()
            )
    for context in ("format", "stand-alone"):
        names = known.days[context]["wide"]
        yield from ((("weekday", str(number)), form, True) for number in names for form in _compounds(number, names))
    spoken = known.languages
    for code, name in known.territories.items():
        if len(code) == 2 and code not in _NO_COUNTRIES:
            yield ("territory", code), name.split(" (")[0], True
            yield from ((("territory", code), spoken[it], False) for it in _spoken(code) if it in spoken)
    yield from ((("scale", str(scale)), word, True) for word, scale in scale_words(language).items() if scale >= 10**6)
    yield from _cities(known)
    yield from _currencies(known)


def _compounds(number: int, names: Mapping[int, str]) -> Iterator[str]:
    """A weekday's name, and apart where it ends with another one: of Thursday, پنجشنبه, in Persian پنج شنبه, too."""
    yield names[number]
    for other in {*names.values()} - {names[number]}:
        if names[number].endswith(other):
            yield from (f"{names[number].removesuffix(other).rstrip(JOINER)}{gap}{other}" for gap in (" ", JOINER))


def _variants(language: str) -> Iterator[Any]:
    """The language's locales, as months have other names in Damascus and Rabat; one where there are very many."""
    from babel import Locale
    from babel.localedata import locale_identifiers

    names = [name for name in locale_identifiers() if name.split("_")[0] == language]
    if len(names) > MANY:
        return map(Locale.parse, [language])
    return map(Locale.parse, [name for name in names if name == language or _has_months(name)])


def _has_months(name: str) -> bool:
    """Has the locale names of its own for months? Told by its file: with all that it inherits it takes long to load,
    and without, Babel would keep it so."""
    from babel.localedata import resolve_locale_filename

    return "months" in pickle.loads(Path(resolve_locale_filename(name)).read_bytes())


@cache
def _spoken(territory: str) -> list[str]:
    """Codes of the territory's great official languages, by which the country's people are often called, too."""
    from babel.core import get_global

    languages = get_global("territory_languages").get(territory, {}).items()
    return [code for code, facts in languages if facts["official_status"] and facts["population_percent"] >= 30]


def _cities(known: Any) -> Iterator[Named]:
    """Cities that give time zones their names."""
    zones = known.time_zones
    yield from ((("city", name.casefold()), zones.get(zone, {}).get("city", name), True) for zone, name in _zones())


@cache
def _zones() -> list[tuple[str, str]]:
    """Time zones and the cities that give them their names, but for those called like their country."""
    from babel.core import get_global

    territories = _english().territories
    countries = {name.casefold() for name in territories.values()}
    zones = (
        (zone, _city(zone)) for zone, of in get_global("zone_territories").items() if of in territories and of != "ZZ"
    )
    return [(zone, name) for zone, name in zones if "/" in zone and name.casefold() not in countries]


@cache
def _english() -> Any:
    from babel import Locale

    return Locale("en")


def _currencies(known: Any) -> Iterator[Named]:
    """The nouns of currencies: the word that names of all dollars share, and of single ones the word in its place."""
    groups: dict[str, list[str]] = {}
    for code, name in _english().currencies.items():
        if "(" not in name:
            groups.setdefault(name.split()[-1].casefold(), []).append(code)
    groups = {noun: codes for noun, codes in groups.items() if not _CURRENT.isdisjoint(codes) and noun not in _WORDS}
    shared = {noun: _shared_word(known, codes) for noun, codes in groups.items() if len(codes) > 2}
    firsts = [word[0] for word in shared.values() if word]
    last = sum(firsts) * 2 < len(firsts)
    counts = [None, *{known.plural_form(count): count for count in (1, 2, 5, 11, 100)}.values()]
    for noun, codes in groups.items():
        for code in codes:
            for name in _currency_names(known, code, counts):
                words = name.split()
                yield ("currency", noun.replace("rial", "riyal")), words[-1 if last else 0], True


def _shared_word(known: Any, codes: list[str]) -> tuple[bool, str] | None:
    """Whether the word that most names of a currency share stands first, and the word."""
    names = [known.currencies[code].split() for code in codes if code in known.currencies]
    count = Counter(word for words in names for word in {*words})
    if not names or not count:
        return None
    word, often = max(count.items(), key=lambda met: (met[1], len(met[0]), met[0]))  # "dola", not "ya" beside it
    return (sum(words[0] == word for words in names) * 2 > often, word) if often * 2 > len(names) else None


def _currency_names(known: Any, code: str, counts: list[int | None]) -> set[str]:
    """The currency alone and of so many, a number for each plural form."""
    from babel.numbers import get_currency_name

    names = {get_currency_name(code, count, known) for count in counts}
    return {name for name in names if name and name != code}


def _from_table(language: str) -> Iterator[Named]:
    file = resources.files("factory.text") / "entities.tsv"
    own = "ar" if is_arabic(language) else language_of(language)
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        kind, code, *cells = line.split("\t")
        if code != own:
            continue
        for number, cell in enumerate(cells):
            name, names = cell.split("=") if "=" in cell else (_COMPASS[number], cell)
            item = kind.removesuffix("*"), name
            yield from ((item, form, not kind.endswith("*")) for form in names.split(","))
