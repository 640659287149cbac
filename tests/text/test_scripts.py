from __future__ import annotations

import unicodedata

import pytest

from factory.text.scripts import characters, letters, ranges, script_name, script_shares, scripts_of


@pytest.mark.parametrize(
    ("code", "scripts"),
    [
        ("en-GB", "Latn"),
        ("arz", "Arab"),
        ("ckb", "Arab"),
        ("zh-TW", "Hant"),
        ("ja", "Jpan"),
        ("am", "Ethi"),
        ("hi", "Deva"),  # not in the Latin letters that CLDR has a locale for
        ("sr-Latn", "Latn"),
        ("pa-Arab", "Arab"),
        ("xx", "Latn"),
    ],
)
def test_the_scripts_of_a_language(code, scripts):
    assert scripts_of(code)[0] == scripts


def test_serbian_is_written_in_two_scripts():
    assert {*scripts_of("sr")} == {"Cyrl", "Latn"} and scripts_of("sr-Cyrl") == ("Cyrl",)


def test_letters_belong_to_one_script():
    assert not (letters("Latn") & letters("Cyrl")).any() and not (letters("Arab") & letters("Hebr")).any()
    assert all(letters("Latn")[ord(letter)] for letter in "əɓɗŋẽ")
    assert all(characters("Arab")[ord(sign)] for sign in "،؟٣") and not characters("Arab")[ord("3")]


@pytest.mark.parametrize("script", ["Arab", "Deva", "Jpan", "Kore", "Ethi", "Tibt"])
def test_ranges_hold_all_characters_and_nothing_of_others(script):
    points = {point for first, last in ranges(script) for point in range(first, last + 1)}
    own = {*characters(script).nonzero()[0].tolist()}
    assert own <= points
    assert all(unicodedata.category(chr(point)) == "Cn" for point in points - own)


def test_an_unknown_script_is_refused():
    with pytest.raises(ValueError, match="Qxyz"):
        characters("Qxyz")


def test_names_are_those_of_readers():
    assert [script_name(code) for code in ("Arab", "Deva", "Kore")] == ["Arabic", "Devanagari", "Korean"]


def test_one_chinese_character_weighs_as_many_letters_as_it_stands_for():
    assert script_shares(["你好 ok"], "zh")[0] > 0.7 and script_shares(["你好 ok okay okay"], "zh")[0] < 0.5
