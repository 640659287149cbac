"""Modern Standard Arabic agreement, unvocalised but for the tanwin of the indefinite accusative.

Cases are "n" nominative, "a" accusative, "g" genitive; numbers "s" singular, "d" dual, "p" plural; genders "m", "f".
The rules are those of any reference grammar (e.g. Ryding, A Reference Grammar of Modern Standard Arabic, ch. 7-15).
"""

from factory.demo.lexicon import Adjective, Noun, Verb

UNITS_M = ["", "واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة", "عشرة"]
UNITS_F = ["", "واحدة", "اثنتان", "ثلاث", "أربع", "خمس", "ست", "سبع", "ثماني", "تسع", "عشر"]
TENS = ["", "", "عشر", "ثلاث", "أربع", "خمس", "ست", "سبع", "ثمان", "تسع"]
ORDINALS_M = ["", "أول", "ثاني", "ثالث", "رابع", "خامس", "سادس", "سابع", "ثامن", "تاسع", "عاشر"]
ORDINALS_F = ["", "أولى", "ثانية", "ثالثة", "رابعة", "خامسة", "سادسة", "سابعة", "ثامنة", "تاسعة", "عاشرة"]
HOURS = [*("ال" + word for word in ["", "واحدة", *ORDINALS_F[2:]]), "الحادية عشرة", "الثانية عشرة"]
PRONOUNS = {"ms": "ه", "fs": "ها", "mp": "هم", "fp": "هن", "1s": "ي", "1p": "نا"}


def definite(word: str) -> str:
    """Adds the article; امرأة is the one noun here that changes (المرأة)."""
    if word.startswith("امرأ"):
        word = word[1:]
    return "ال" + word


def prefixed(preposition: str, phrase: str) -> str:
    """A preposition before a phrase; ب and ل are written together with it, and ل swallows the article's alef."""
    if preposition == "ل" and phrase.startswith("ال"):
        rest = phrase[2:]
        return "ل" + rest if rest.startswith("ل") else "لل" + rest
    return preposition + phrase if preposition in ("ب", "ل", "و", "ف") else f"{preposition} {phrase}"


def tanwin(word: str, diptote: bool = False) -> str:
    """The indefinite accusative of a singular or broken plural."""
    if diptote or word[-1] in "ةىا":
        return word
    if word.endswith("اء"):
        return word + "ً"
    if word.endswith("يء"):
        return word[:-1] + "ئًا"
    return word + "ًا"


def dual(word: str, case: str) -> str:
    ending = "ان" if case == "n" else "ين"
    if word.endswith("ة"):
        return word[:-1] + "ت" + ending
    if word.endswith("اء"):
        return word[:-1] + "و" + ending
    if word.endswith("يء"):
        return word[:-1] + "ئ" + ending
    return (word[:-1] + "ي" if word.endswith("ى") else word) + ending


def noun(noun: Noun, number: str, case: str, is_definite: bool) -> str:
    if number == "d":
        word = dual(noun.ar, case)
    elif number == "p":
        word = noun.ar_plural if noun.plural_kind != "sm" or case == "n" else noun.ar_plural[:-2] + "ين"
        if case == "a" and not is_definite and noun.plural_kind in "bd":
            word = tanwin(word, diptote=noun.plural_kind == "d")
    else:
        word = noun.ar if is_definite or case != "a" else tanwin(noun.ar)
    return definite(word) if is_definite else word


def adjective(adj: Adjective, gender: str, number: str, human: bool, case: str, is_definite: bool) -> str:
    """The form that agrees; plurals of things and animals take the feminine singular."""
    if number == "p" and not human:
        gender, number = "f", "s"
    base = adj.m if gender == "m" else adj.f
    diptote = adj.diptote
    if number == "d":
        word = dual(base, case)
    elif number == "p" and gender == "f":
        word = base[:-1] + "ات"
    elif number == "p" and not adj.human_plural:
        word = base + ("ون" if case == "n" else "ين")
    else:
        if number == "p":
            base = adj.human_plural
            diptote = base.endswith("اء")
        elif gender == "f":
            diptote = True
        word = tanwin(base, diptote) if case == "a" and not is_definite else base
    return definite(word) if is_definite else word


def phrase(
    head: Noun, adjectives: list[Adjective], number: str = "s", case: str = "n", is_definite: bool = False
) -> str:
    """A noun with its adjectives, agreeing in gender, number, case and definiteness."""
    described = (adjective(adj, head.gender, number, head.human, case, is_definite) for adj in adjectives)
    return " ".join([noun(head, number, case, is_definite), *described])


def cardinal(n: int, gender: str, case: str = "n") -> str:
    """The number word 1 to 99 before a counted noun of that gender, or alone (counting uses gender "m").

    From 3 to 10 it takes the gender opposite to the noun's. Feminine 28, 38, … are not spelt (their ending
    changes with case) and raise ValueError.
    """
    units = UNITS_M if gender == "m" else UNITS_F
    oblique = case != "n"
    if n == 2:
        return units[2][:-2] + "ين" if oblique else units[2]
    if n <= 10:
        return tanwin(units[n]) if n == 1 and case == "a" else units[n]
    if n == 11:
        return "أحد عشر" if gender == "m" else "إحدى عشرة"
    if n == 12:
        return (
            ("اثن" if gender == "m" else "اثنت") + ("ي" if oblique else "ا") + (" عشر" if gender == "m" else " عشرة")
        )
    if n < 20:
        return f"{units[n - 10]} عشر" + ("" if gender == "m" else "ة")
    tens = TENS[n // 10] + ("ين" if oblique else "ون")
    unit = n % 10
    if unit == 0:
        return tens
    if unit == 8 and gender == "f":
        raise ValueError(f"feminine {n} is not spelt")
    if unit == 1:
        word = ("واحدًا" if case == "a" else "واحد") if gender == "m" else "إحدى"
    elif unit == 2:
        word = cardinal(2, gender, case)
    else:
        word = units[unit]
    return f"{word} و{tens}"


def counted(head: Noun, n: int, adjectives: list[Adjective], case: str = "n", digits: bool = False) -> str:
    """A number with its noun: 1 follows it, 2 is the dual, 3-10 take the plural genitive, 11-99 the singular
    accusative, 100 and 1000 the singular genitive. With `digits` the number is written 3, 14, …"""
    if n == 1:
        one = UNITS_M[1] if head.gender == "m" else UNITS_F[1]
        one = tanwin(one) if case == "a" else one
        rest = (adjective(adj, head.gender, "s", head.human, case, False) for adj in adjectives)
        return " ".join([noun(head, "s", case, False), one, *rest])
    if n == 2:
        return phrase(head, adjectives, "d", case)
    if n <= 10:
        number, inner, word = "p", "g", str(n) if digits else cardinal(n, head.gender, case)
    elif n < 100:
        number, inner, word = "s", "a", str(n) if digits else cardinal(n, head.gender, case)
    else:
        number, inner, word = "s", "g", str(n) if digits else {100: "مئة", 1000: "ألف"}[n]
    return f"{word} {phrase(head, adjectives, number, inner)}"


def possessed(word: str, pronoun: str) -> str:
    """A singular noun with a possessive suffix: سيارة + ها = سيارتها."""
    return (word[:-1] + "ت" if word.endswith("ة") else word) + PRONOUNS[pronoun]


def verb(v: Verb, form: str, person: str = "ms") -> str:
    """`form`: past, present, jussive, subjunctive, imperative; `person`: ms fs mp 1s 1p (third person unless 1)."""
    forms = v.forms
    if form == "imperative":
        return forms["im"]
    if form == "past":
        stem = forms.get("st", v.ar)
        return {
            "ms": v.ar,
            "fs": forms.get("fs", v.ar + "ت"),
            "mp": forms.get("mp", v.ar + "وا"),
            "1s": stem + "ت",
            "1p": stem + "نا",
        }[person]
    if person == "mp":
        plural = forms.get("pp", v.ar_present + "ون")
        return plural if form == "present" else plural[:-1] + "ا"
    rest = (forms.get("ju", v.ar_present) if form == "jussive" else v.ar_present)[1:]
    if person == "1s":
        return "آ" + rest[1:] if rest.startswith("أ") else "أ" + rest
    return {"ms": "ي", "fs": "ت", "1p": "ن"}[person] + rest
