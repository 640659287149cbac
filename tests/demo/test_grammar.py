"""Agreement on examples written by hand, and rules that hold for every word of the lexicon."""

from __future__ import annotations

from random import Random

import pytest

from factory.demo import grammar_ar as ar
from factory.demo import grammar_en as en
from factory.demo import phrases as np
from factory.demo.clauses import Clause, predicate
from factory.demo.lexicon import ADJECTIVES, COLOURS, NOUNS, ROLES, ROLES_F, VERBS

BOOK, CAR, TEACHER, DOCTOR = NOUNS["book"], NOUNS["car"], ROLES["teacher"], ROLES["doctor"]
NEW, RED, SKILLED, SLOW = ADJECTIVES["new"], COLOURS["red"], ADJECTIVES["skilled"], ADJECTIVES["slow"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ar.phrase(BOOK, [NEW]), "كتاب جديد"),
        (ar.phrase(CAR, [NEW]), "سيارة جديدة"),
        (ar.phrase(BOOK, [NEW], is_definite=True), "الكتاب الجديد"),
        (ar.phrase(CAR, [RED], is_definite=True), "السيارة الحمراء"),
        (ar.phrase(BOOK, [NEW], case="a"), "كتابًا جديدًا"),
        (ar.phrase(BOOK, [RED], case="a"), "كتابًا أحمر"),
        (ar.phrase(CAR, [NEW], case="a"), "سيارة جديدة"),
        (ar.phrase(BOOK, [NEW], "p"), "كتب جديدة"),
        (ar.phrase(TEACHER, [SKILLED], "p"), "معلمون ماهرون"),
        (ar.phrase(TEACHER, [SKILLED], "p", "a", True), "المعلمين الماهرين"),
        (ar.phrase(DOCTOR, [ADJECTIVES["kind"]], "p", "a"), "أطباء لطفاء"),
        (ar.phrase(ROLES_F["teacher"], [SKILLED], "p"), "معلمات ماهرات"),
        (ar.phrase(CAR, [RED], "d"), "سيارتان حمراوان"),
        (ar.phrase(BOOK, [SLOW], "d", "a"), "كتابين بطيئين"),
        (ar.phrase(CAR, [SLOW]), "سيارة بطيئة"),
        (ar.phrase(NOUNS["train"], [SLOW], case="a"), "قطارًا بطيئًا"),
        (ar.phrase(NOUNS["woman"], [], is_definite=True), "المرأة"),
        (ar.phrase(NOUNS["woman"], [], "d"), "امرأتان"),
        (ar.phrase(NOUNS["woman"], [], "p", "a"), "نساءً"),
        (ar.phrase(NOUNS["water"], [], case="a"), "ماءً"),
        (ar.phrase(NOUNS["key"], [], "p", "a"), "مفاتيح"),
        (ar.phrase(NOUNS["pen"], [], "p", "a"), "أقلامًا"),
        (ar.phrase(NOUNS["village"], [], "p", "a"), "قرى"),
    ],
)
def test_noun_phrases_agree(text, expected):
    assert text == expected


@pytest.mark.parametrize(
    ("n", "book", "car"),
    [
        (1, "كتاب واحد", "سيارة واحدة"),
        (2, "كتابان", "سيارتان"),
        (3, "ثلاثة كتب", "ثلاث سيارات"),
        (8, "ثمانية كتب", "ثماني سيارات"),
        (10, "عشرة كتب", "عشر سيارات"),
        (11, "أحد عشر كتابًا", "إحدى عشرة سيارة"),
        (12, "اثنا عشر كتابًا", "اثنتا عشرة سيارة"),
        (15, "خمسة عشر كتابًا", "خمس عشرة سيارة"),
        (20, "عشرون كتابًا", "عشرون سيارة"),
        (21, "واحد وعشرون كتابًا", "إحدى وعشرون سيارة"),
        (34, "أربعة وثلاثون كتابًا", "أربع وثلاثون سيارة"),
        (100, "مئة كتاب", "مئة سيارة"),
    ],
)
def test_numbers_take_their_noun(n, book, car):
    assert ar.counted(BOOK, n, []) == book
    assert ar.counted(CAR, n, []) == car


@pytest.mark.parametrize(
    ("n", "noun", "adjective", "expected"),
    [
        (1, BOOK, NEW, "كتابًا واحدًا جديدًا"),
        (2, CAR, NEW, "سيارتين جديدتين"),
        (3, TEACHER, SKILLED, "ثلاثة معلمين ماهرين"),
        (5, BOOK, RED, "خمسة كتب حمراء"),
        (12, CAR, NEW, "اثنتي عشرة سيارة جديدة"),
        (21, BOOK, NEW, "واحدًا وعشرين كتابًا جديدًا"),
        (30, BOOK, RED, "ثلاثين كتابًا أحمر"),
    ],
)
def test_counted_objects_are_accusative(n, noun, adjective, expected):
    assert ar.counted(noun, n, [adjective], "a") == expected


def test_feminine_eights_above_twenty_are_refused_rather_than_misspelt():
    assert ar.cardinal(28, "m") == "ثمانية وعشرون"
    with pytest.raises(ValueError, match="28"):
        ar.cardinal(28, "f")


@pytest.mark.parametrize(
    ("preposition", "phrase", "expected"),
    [
        ("ل", "الولد", "للولد"),
        ("ل", "اللغة العربية", "للغة العربية"),
        ("ل", "والدته", "لوالدته"),
        ("ب", "القطار", "بالقطار"),
        ("إلى", "المدرسة", "إلى المدرسة"),
    ],
)
def test_prepositions_join(preposition, phrase, expected):
    assert ar.prefixed(preposition, phrase) == expected


@pytest.mark.parametrize(
    ("verb", "form", "person", "expected"),
    [
        ("buy", "past", "ms", "اشترى"),
        ("buy", "past", "fs", "اشترت"),
        ("buy", "past", "mp", "اشتروا"),
        ("buy", "past", "1s", "اشتريت"),
        ("buy", "jussive", "fs", "تشتر"),
        ("buy", "present", "mp", "يشترون"),
        ("buy", "subjunctive", "mp", "يشتروا"),
        ("visit", "past", "1p", "زرنا"),
        ("visit", "jussive", "ms", "يزر"),
        ("visit", "subjunctive", "ms", "يزور"),
        ("eat", "present", "1s", "آكل"),
        ("read", "past", "mp", "قرؤوا"),
        ("see", "jussive", "1s", "أر"),
        ("forget", "past", "fs", "نسيت"),
    ],
)
def test_verbs_conjugate(verb, form, person, expected):
    assert ar.verb(VERBS[verb], form, person) == expected


def _clause(subject, verb, tense, rest=("", ""), negated=False):
    return Clause(subject, VERBS[verb], tense, negated, rest)


BOYS, GIRL, CATS = (
    np.simple(NOUNS["boy"], [], True, "p"),
    np.simple(NOUNS["girl"]),
    np.simple(NOUNS["cat"], [], True, "p"),
)


@pytest.mark.parametrize(
    ("clause", "english", "arabic"),
    [
        (_clause(BOYS, "go to", "past"), "the boys went to", "ذهب الأولاد"),
        (_clause(GIRL, "sleep", "past", negated=True), "the girl did not sleep", "لم تنم البنت"),
        (_clause(GIRL, "sleep", "future", negated=True), "the girl will not sleep", "لن تنام البنت"),
        (_clause(CATS, "sleep", "present"), "the cats sleep", "تنام القطط"),
        (_clause(BOYS, "run", "past progressive"), "the boys were running", "كان الأولاد يركضون"),
        (_clause(BOYS, "buy", "can", negated=True), "the boys cannot buy", "لا يستطيع الأولاد أن يشتروا"),
        (_clause(np.I, "eat", "want"), "I want to eat", "أريد أن آكل"),
        (_clause(np.WE, "swim", "past"), "we swam", "سبحنا"),
    ],
)
def test_verbs_agree_with_their_subject(clause, english, arabic):
    assert (clause.en(), clause.ar()) == (english, arabic)


def test_a_following_verb_agrees_in_number_too():
    assert _clause(BOYS, "run", "past").ar("svo") == "الأولاد ركضوا"
    assert _clause(CATS, "run", "past").ar("svo") == "القطط ركضت"


@pytest.mark.parametrize(
    ("made", "english", "arabic"),
    [
        (predicate(BOYS, "tired"), "the boys are tired", "الأولاد متعبون"),
        (predicate(BOYS, "tired", "past"), "the boys were tired", "كان الأولاد متعبين"),
        (predicate(GIRL, "sick", "present", True), "the girl is not sick", "ليست البنت مريضة"),
        (predicate(np.simple(BOOK), "useful", "past", True), "the book was not useful", "لم يكن الكتاب مفيدًا"),
        (predicate(np.I, "busy", "past"), "I was busy", "كنت مشغولًا"),
        (predicate(np.WE, "happy"), "we are happy", "نحن سعداء"),
    ],
)
def test_predicates_agree(made, english, arabic):
    assert made == (english, arabic)


def test_possession():
    sami = np.name("Sami")
    assert np.owned(CAR, None, np.name("Layla"), [NEW]).ar[0] == "سيارتها الجديدة"
    assert np.owned(BOOK, sami, None, [NEW]).ar[1] == "كتاب سامي الجديد"
    assert np.owned(BOOK, sami, None, [NEW]).en == "Sami's new book"
    assert np.demonstrative(CAR, [NEW], True, True).ar[0] == "هذه السيارات الجديدة"
    assert np.demonstrative(TEACHER, [], True, True).ar[2] == "هؤلاء المعلمين"


def test_adjectives_agree_with_every_noun():
    """An adjective has the article exactly when its noun has, and ة or اء after every plural of things."""
    for noun in NOUNS.values():
        for adjective in (NEW, RED):
            first, second = ar.phrase(noun, [adjective], is_definite=True).split()
            assert first.startswith("ال")
            assert second == "ال" + (adjective.f if noun.gender == "f" else adjective.m)
            if not noun.human and not noun.mass:
                assert ar.phrase(noun, [adjective], "p").endswith(adjective.f)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (en.article("apple"), "an apple"),
        (en.article("university"), "a university"),
        (en.article("honest man"), "an honest man"),
        (en.article("useful report"), "a useful report"),
        (en.article("umbrella"), "an umbrella"),
        (en.third_person("study"), "studies"),
        (en.third_person("play"), "plays"),
        (en.third_person("watch"), "watches"),
        (en.third_person("go to"), "goes to"),
        (en.number(42), "forty-two"),
        (en.number(13), "thirteen"),
        (en.joined(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_english(text, expected):
    assert text == expected


def test_describe_gives_no_more_than_asked():
    rng = Random(0)
    assert all(len(np.describe(rng, CAR, 2, 1)) <= 2 for _ in range(200))
