from __future__ import annotations

import time

import pytest

from factory.text.language_tasks import requires_source_language


@pytest.mark.parametrize(
    ("instruction", "kind"),
    [
        ("Translate the following text into German.", "translation"),
        ("How do you say good morning in Korean?", "translation"),
        ("Convert this sentence to Spanish: I am hungry", "translation"),
        ("Rewrite the text in British English.", "translation"),
        ("Insert a comma where one is needed.", "grammar"),
        ("What is the plural of goose?", "form"),
        ("Fix all spelling mistakes in this paragraph.", "spelling"),
        ("Correct the following sentence: He go home.", "grammar"),
        ("Is this sentence grammatically right?", "grammar"),
        ("Convert the sentence to upper case.", "grammar"),
        ("How many letters are in 'strawberry'?", "letters"),
        ("Find an anagram of 'listen'.", "letters"),
        ("List five fruits that start with the letter B.", "letters"),
        ("Sort these names in alphabetical order.", "letters"),
        ("Which words rhyme with 'blue'?", "sound"),
        ("Write a tongue twister about sheep.", "sound"),
        ("Rewrite the sentence in the past tense.", "form"),
        ("What is the plural form of 'ox'?", "form"),
        ("Identify the verbs in the sentence.", "words"),
        ("Which part of speech is 'quickly'?", "words"),
    ],
)
def test_tasks_about_language(instruction, kind):
    found = requires_source_language(instruction)
    assert found is not None and found.kind == kind and found.score >= 0.8 and found.phrase in instruction


@pytest.mark.parametrize(
    "instruction",
    [
        "Summarize the following article in two sentences.",
        "Write a function that counts the vowels in a string.",
        "Name three countries where French is an official language.",
        "Explain how to translate research into policy.",
        "Describe a grammar school.",
        "Write a letter to your landlord.",
        "What is the capital of France?",
        "Correct me if I am wrong: is the sun a star?",
        "Rewrite the email so that it sounds polite.",
        "",
    ],
)
def test_other_tasks(instruction):
    assert requires_source_language(instruction) is None


def test_the_worst_sign_counts():
    found = requires_source_language("Give a synonym of 'big' that rhymes with 'barge'.")
    assert found is not None and (found.score, found.kind) == (1.0, "sound")
    assert requires_source_language("Give a synonym of 'big'.").score == 0.5  # type: ignore[union-attr]


def test_long_instructions_cost_little():
    start = time.process_time()
    requires_source_language("translate identify the word " * 40_000)
    assert time.process_time() - start < 0.2
