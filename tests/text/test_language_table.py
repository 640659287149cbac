from __future__ import annotations

from math import isclose

import pytest

from factory.text.language_table import expected_ratio, kin, seen, writes_question_marks, writes_stops


@pytest.mark.parametrize(
    ("code", "low", "high"), [("zh", 0.3, 0.37), ("ja", 0.4, 0.5), ("el", 1.1, 1.3), ("en", 1, 1)]
)
def test_characters_for_one_of_english(code, low, high):
    assert low <= expected_ratio("en", code) <= high


def test_a_pair_has_the_ratio_of_both_languages():
    assert isclose(expected_ratio("zh", "ar"), expected_ratio("en", "ar") / expected_ratio("en", "zh"))
    assert expected_ratio("fr", "fr") == 1


def test_a_language_that_is_not_there_is_like_others_of_its_script():
    assert seen("kv") is None and 0.9 < expected_ratio("en", "kv") < 1.2  # Komi, in Cyrillic letters
    assert seen("yue-Hans") is not None and expected_ratio("en", "yue-Hans") < 0.4


def test_habits():
    assert not writes_stops("th") and writes_stops("am") and writes_stops("xx")
    assert not writes_question_marks("my") and writes_question_marks("el")


def test_neighbours():
    assert {"hr", "sr"} <= kin("bs") and "bs" in kin("sr") and kin("ar") == frozenset()
