"""Stand-in texts of languages in other scripts than Arabic."""

import doctest

import pytest

import factory.rehearsal.spelling as spelling
from factory.checks.length_ratio import LengthRatio
from factory.checks.script import Script
from factory.rehearsal.catalogue import catalogue
from factory.rehearsal.content import pairs
from factory.rehearsal.data import from_catalogue
from factory.rehearsal.spelling import script_of, spelled
from factory.rehearsal.taught import lessons
from factory.starter.languages import OPUS_100


def test_examples_in_the_docstrings() -> None:
    assert doctest.testmod(spelling).failed == 0


@pytest.mark.parametrize("language", sorted({script_of(code): code for code in OPUS_100}.values()))
def test_good_pairs_pass_in_every_script(language: str) -> None:
    """One language of each; no two sentences become one."""
    script = script_of(language)
    checks = [Script(language=language), LengthRatio()]
    good = [(pair.en, spelled(pair.ar, script)) for pair in pairs() if pair.good]
    for english, text in good:
        assert all(check.score(english, text) >= check.min for check in checks), (english, text)
    assert len({text for _, text in good}) == len({pair.ar for pair in pairs() if pair.good})
    assert {len(spelled(pair.ar, script)) - len(pair.ar) for pair in pairs()} == {0}


def test_rows_and_lessons_are_spelled_and_prompts_are_not() -> None:
    opus = catalogue().datasets["Helsinki-NLP/opus-100"]
    assert from_catalogue("x/y", opus).files != from_catalogue("x/y", opus, "Deva").files
    taught = lessons(["translate", "answer"], script="Deva")
    assert not any("\u0620" <= letter < "\u064b" for lesson in taught for text in lesson for letter in text)
    assert any(ask.startswith("Translate from English to Arabic: ") for ask, _ in taught)
    assert lessons(["translate"], script="Arab") == lessons(["translate"])
