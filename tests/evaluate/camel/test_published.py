"""The published rules one by one, and their oddities, each under its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.evaluate.camel import published


@pytest.mark.parametrize(
    ("answer", "right"), [("ب", "ب"), ("(ب) لأن", "ب"), ("B. القاهرة", "ب"), ("ا", "أ"), (" ج ", "(ج)"), ("هـ", "ه")]
)
def test_choice_takes_the_first_letter(answer, right):
    assert published.choice(answer, right) is True


@pytest.mark.parametrize(
    ("answer", "chosen"), [("الإجابة: ب", "أ"), ("Answer: B", "أ"), ("Because of it", "ب"), ("السماء", "أ")]
)
def test_choice_takes_the_first_character_of_a_sentence_for_a_letter(answer, chosen):
    assert published.choice(answer, chosen) is True


@pytest.mark.parametrize("answer", ["a", "إ", "**أ**", "( أ )", "[أ]"])
def test_choice_knows_no_small_letters_no_other_alefs_and_no_other_brackets(answer):
    assert published.choice(answer, "أ") is False


@pytest.mark.parametrize("rule", [published.choice, published.letter_or_number])
@pytest.mark.parametrize("answer", ["", "  \n"])
def test_an_empty_answer_stops_the_original(rule, answer):
    assert rule(answer, "ب") is None


def test_choice_by_number_counts_from_0_and_stops_at_what_is_no_number():
    assert published.choice_by_number("أ", "0") is True
    assert published.choice_by_number("د", "3") is True
    assert published.choice_by_number("أ", "ب") is None
    assert published.choice_by_number("أ", "19") is None


def test_equal_forgives_white_space_only():
    assert published.equal(" قطة\n", "قطة") and not published.equal("قطة.", "قطة")


def test_yes_and_no_are_found_inside_words():
    assert published.contains("السلام عليكم", "لا")
    assert published.yes_no("نعم، لا شك", "لا")


def test_correct_alone_counts_as_yes_in_mme_only():
    assert published.yes_no("صح", "نعم") and not published.yes_no("صح.", "نعم")
    assert not published.contains("صح", "نعم")


def test_mme_does_not_strip_the_right_answer():
    assert not published.yes_no("نعم", "نعم ") and published.contains("نعم", "نعم ")


def test_any_listed_finds_one_of_a_list_as_numpy_prints_it():
    assert published.any_listed("أظن أنها قطة", "['كلب' 'قطة']") is True
    assert published.any_listed("حصان", "['كلب' 'قطة']") is False


def test_any_listed_looks_for_several_words_with_commas_between_them():
    assert published.any_listed("لا يمكن", "['لا يمكن']") is False
    assert published.any_listed("لا, يمكن", "['لا يمكن']") is True


def test_any_listed_is_content_with_one_character_of_a_text_that_is_no_list():
    assert published.any_listed("باب", "كتاب") is True
    assert published.any_listed("zzz", "كتاب") is False


def test_any_listed_stops_at_a_number():
    assert published.any_listed("5", "5") is None


@pytest.mark.parametrize("answer", ["3", "٣", " 3\n"])
def test_count_takes_the_number_alone(answer):
    assert published.count(answer, "3")


@pytest.mark.parametrize("answer", ["3.", "ثلاثة", "۳", "العدد 3", "3 أشياء", "03"])
def test_count_takes_nothing_beside_it(answer):
    assert not published.count(answer, "3")


def test_diagrams_map_no_letters_and_find_numbers_inside_numbers():
    assert published.letter_or_number("ب", "ب") is True
    assert published.letter_or_number("B", "ب") is False
    assert published.letter_or_number("A", "أ") is False
    assert published.letter_or_number("الناتج ٢٤٥", "24") is True


@pytest.mark.parametrize(
    ("answer", "right", "rate"),
    [
        ("سلم", "سلام", 2 / 4),  # one letter is two bytes
        ("slm", "slam", 1 / 4),
        ("سلامٌ", "سلام", 2 / 5),  # the longer one divides
        ("", "كتاب", 5 / 4),  # eight bytes, but no more than one above the longer's four characters
        ("abcd", "كتاب", 5 / 4),
        ("كتاب\n", " كتاب", 0.0),
    ],
)
def test_edits_are_of_bytes_within_a_limit_of_characters(answer, right, rate):
    assert published.edit_rate(answer, right) == rate


def test_edits_are_capped_at_1001():
    assert published.edit_rate("a" * 3000, "b" * 3000) == 1001 / 3000
    assert published.edit(0.5)("a" * 3000, "b" * 3000) is True  # so a long text that is all wrong passes


def test_two_empty_texts_divide_by_0_and_stop_the_original():
    assert published.edit_rate(" ", "") is None and published.edit(0.3)("", "") is None


def test_the_limit_itself_passes():
    assert published.edit(0.5)("سلم", "سلام") is True
    assert published.edit(0.49)("سلم", "سلام") is False


def _edits(first: bytes, second: bytes) -> int:
    """Levenshtein's distance by its definition, row by row."""
    row = list(range(len(second) + 1))
    for i, one in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(second, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (one != other))
    return row[-1]


@given(st.text("اابتثج ab.", max_size=12), st.text("اابتثج ab.", max_size=12))
def test_the_rate_is_what_the_definition_gives(answer, right):
    answer, right = answer.strip(), right.strip()
    longer = max(len(answer), len(right))
    distance = min(_edits(answer.encode(), right.encode()), longer + 1)
    assert published.edit_rate(answer, right) == (distance / longer if longer else None)


@given(st.text(), st.text(min_size=1))
def test_no_answer_makes_a_rule_raise(answer, right):
    for rule in (*published.RULES.values(), published.edit(0.3)):
        assert rule(answer, right) in (True, False, None)
