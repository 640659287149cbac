"""What a clean reading finds that the published one misses, and what it must not find."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.evaluate.camel import clean, published

SENTENCES = "الإجابة الصحيحة هي (ب) لأن اللون أحمر", "أعتقد أن الخيار ب هو الأنسب", "The correct answer is B."


@pytest.mark.parametrize(
    "answer",
    [
        "ب",
        "B",
        "b",
        "(ب)",
        "( ب )",
        "**ب**",
        "ب. القاهرة",
        "بـ",
        "\n ب) القاهرة",
        "الإجابة: ب",
        "Answer: B",
        *SENTENCES,
    ],
)
def test_a_letter_is_found_in_a_sentence(answer):
    assert clean.choice(answer, "ب")


@pytest.mark.parametrize(
    "answer",
    ["", "Because it is red", "القاهرة", "أ أو ب", "A man", "The answer is a cat", "هو و هي", "I see a house", "باب"],
)
def test_no_letter_is_no_choice(answer):
    assert clean.chosen(answer) is None


def test_alefs_are_one_letter():
    assert {clean.chosen(letter) for letter in ("أ", "ا", "إ", "A", "a")} == {0}


def test_choice_by_number():
    assert clean.choice_by_number("الجواب: ج", "2") and not clean.choice_by_number("ج", "1")


@pytest.mark.parametrize(
    ("answer", "right", "passes"),
    [
        ("السلام عليكم", "لا", False),
        ("لَا", "لا", True),
        ("نعم، لا شك", "لا", False),
        ("صح.", "نعم", True),
        ("Yes, there is.", "نعم", True),
        ("", "لا", False),
        ("أظن أن لونها أحمر", "أحمر", True),
    ],
)
def test_yes_and_no_are_words_and_the_first_one_counts(answer, right, passes):
    assert clean.yes_no(answer, right) is passes


def test_words_are_whole_and_marks_are_no_part_of_them():
    assert clean.within_words("هذه قِطّةٌ سوداء.", "قطة")
    assert not clean.within_words("قطتان", "قطة") and not clean.within_words("كل شيء", "")


def test_any_listed_reads_answers_of_several_words():
    assert clean.any_listed("لا يمكن الإجابة.", "['لا يمكن الإجابة' 'غير واضح']")
    assert clean.any_listed("غير واضح", '["لا يمكن", "غير واضح"]')
    assert not clean.any_listed("باب", "كتاب")


@pytest.mark.parametrize("answer", ["3", "٣", "۳", "3.", "ثلاثة", "هناك ثلاث قطط", "three", "العدد هو 3 أشياء"])
def test_a_number_is_found_in_digits_and_words(answer):
    assert clean.count(answer, "3")


@pytest.mark.parametrize("answer", ["", "4", "3 أو 4", "33", "كثير"])
def test_several_numbers_are_no_count(answer):
    assert not clean.count(answer, "3")


def test_diagrams_take_letters_of_both_alphabets_and_whole_numbers():
    assert clean.letter_or_number("B", "ب") and clean.letter_or_number("الناتج ٢٤", "24")
    assert not clean.letter_or_number("الناتج ٢٤٥", "24")


@pytest.mark.parametrize(
    ("answer", "right", "rate"),
    [
        ("سلم", "سلام", 0.25),
        ("سَلَامٌ", "سلام", 0.0),
        ("١٢٣", "123", 0.0),
        ("أحمد", "احمد", 0.25),
        ("", "كتاب", 1.0),
        ("", "", 0.0),
        ("كتاب  جديد", "كتاب جديد", 0.0),
    ],
)
def test_edits_are_of_characters_without_marks(answer, right, rate):
    assert clean.edit_rate(answer, right) == rate


def test_a_clean_rule_stands_beside_every_published_one():
    assert set(published.RULES) < set(clean.RULES)


@given(st.text(), st.text(min_size=1))
def test_no_answer_makes_a_rule_raise(answer, right):
    for rule in clean.RULES.values():
        assert rule(answer, right) in (True, False)


@given(
    st.sampled_from("أبجدهوزح"),
    st.sampled_from(["{}", "({})", "الإجابة: {}", "{}.", "**{}**", "{})", "الجواب هو {}."]),
)
def test_every_letter_is_found_in_every_dress(letter, dress):
    assert clean.choice(dress.format(letter), letter)
