"""The streams: determinism, prefixes, columns, disjointness, Arabic that is Arabic, memory."""

from __future__ import annotations

import re
import tracemalloc
from itertools import islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.demo.catalogue import GENERATORS, iter_rows
from factory.demo.corpora import BAD_SHARE, COMPARE_PROMPT, JUDGE_PROMPT
from factory.demo.damage import FLAWS
from factory.demo.sentences import PATTERNS, held_out
from factory.demo.world import stated
from factory.errors import FactoryError

NAMES = sorted(GENERATORS)
TRAINING = [name for name in NAMES if GENERATORS[name].split == "train"]
CODE = re.compile(r"```.*?```|`[^`]*`|https?://\S+", re.DOTALL)
NOT_ARABIC = re.compile(r"[^ء-غف-يً-ْ0-9،؟؛:.!+=\-\s]")


def _strings(value) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return [] if isinstance(value, bytes) else [value]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 2**31), st.integers(0, 40), st.integers(0, 40))
def test_rows_are_a_function_of_name_seed_and_index(name, seed, n, m):
    n, m = max(n, m), min(n, m)
    rows = list(iter_rows(name, n, seed))
    assert len(rows) == n
    assert list(iter_rows(name, n, seed)) == rows
    assert list(iter_rows(name, m, seed)) == rows[:m]


@pytest.mark.parametrize("name", NAMES)
def test_seeds_differ(name):
    assert list(iter_rows(name, 20, 1)) != list(iter_rows(name, 20, 2))


@pytest.mark.parametrize("name", NAMES)
def test_columns_are_as_declared(name):
    for row in iter_rows(name, 200, 3):
        assert tuple(row) == GENERATORS[name].columns
        assert all(
            isinstance(text, str) and text.strip() for text in _strings({**row, "input": "-", "system_prompt": "-"})
        )


def test_chats_alternate_and_end_with_the_assistant():
    turns = set()
    for name in ("chats", "arabic_qa", "english_qa", "translation_examples", "judge_examples"):
        for row in iter_rows(name, 100, 0):
            roles = [message["role"] for message in row["messages"]]
            assert roles == ["user", "assistant"] * (len(roles) // 2)
            turns.add(len(roles))
    assert turns == {2, 4, 6}


def test_unknown_names_are_refused_with_the_valid_ones():
    with pytest.raises(FactoryError, match=r"paralel.*instructions.*parallel"):
        iter_rows("paralel", 3)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**31))
def test_no_test_sentence_occurs_in_a_training_corpus(seed):
    held = {row["en"] for row in iter_rows("translation_test", 40, seed)}
    held |= {row["Question"] for language in ("en", "ar") for row in iter_rows(f"benchmark_{language}", 400, seed)}
    sentences = "|".join(re.escape(item) for item in held if item[-1] in ".?!؟")
    inside = re.compile(rf"(?<!\w)(?:{sentences})")
    for name in TRAINING:
        for row in iter_rows(name, 150, seed):
            for text in _strings(row):
                assert text not in held
                assert not inside.search(text), text


def test_every_training_sentence_is_outside_the_held_out_half():
    for row in iter_rows("parallel", 1500, 0):
        assert not held_out(row["translation"]["en"])
    for row in iter_rows("text", 1500, 0):
        sentences = re.split(r"(?<=[.?!])\s+", row["text"]) if row["language"] == "en" else []
        described = re.search(r"years old and lives in| works as an? [a-z]+ and has ", row["text"])
        assert described or not [text for text in sentences if held_out(text) and text not in stated()]
    shares = [held_out(f"sentence number {n}") for n in range(20_000)]
    assert 0.04 < sum(shares) / len(shares) < 0.06


def test_free_test_sentences_are_held_out_and_are_no_facts():
    rows = list(iter_rows("translation_test", 300, 0))
    free = [row for row in rows if row["en"] not in stated()]
    assert 0.6 < len(free) / len(rows) < 0.9
    assert all(held_out(row["en"]) for row in free)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("arabic_qa", lambda row: [message["content"] for message in row["messages"]]),
        ("translation_test", lambda row: [row["ar"]]),
        ("translation_examples", lambda row: [row["messages"][1]["content"]]),
        ("benchmark_ar", lambda row: [row["Question"], *(row[f"Option {k}"] for k in range(1, 5))]),
        ("text", lambda row: [row["text"]] if row["language"] == "ar" else []),
        ("arabic_text", lambda row: [row["text"]]),
        ("arabic_choices", lambda row: list(row.values())),
    ],
)
def test_arabic_is_arabic(name, texts):
    for row in iter_rows(name, 1500, 4):
        for text in texts(row):
            assert not NOT_ARABIC.findall(CODE.sub("", text)), text


@pytest.mark.parametrize("name", ["instructions", "english_text"])
def test_english_has_no_arabic(name):
    for row in iter_rows(name, 1000, 0):
        assert not re.search(r"[؀-ۿ]", "".join(_strings(row)))


def test_comparisons_prefer_the_sentence_in_either_place():
    answers = []
    for row in iter_rows("comparison_examples", 400, 0):
        ask, answer = (message["content"] for message in row["messages"])
        assert ask.endswith(COMPARE_PROMPT.rpartition("}")[2])
        first, second = (re.search(rf"^{letter}: (.*)$", ask, re.MULTILINE)[1] for letter in "AB")  # type: ignore[index]
        sentence, fragment = (first, second) if answer == "A" else (second, first)
        assert sentence[-1] in ".؟!" and len(sentence) > len(fragment)
        answers.append(answer)
    assert 0.4 < answers.count("A") / len(answers) < 0.6 and set(answers) == {"A", "B"}


def test_choices_hold_different_answers():
    for row in iter_rows("arabic_choices", 400, 0):
        assert row["brief"] != row["full"]


def test_every_pattern_writes_a_sentence_in_each_language():
    rng = Random(0)
    for pattern, weight in PATTERNS:
        for _ in range(60):
            english, arabic = pattern(rng)
            assert weight > 0 and english[0].isupper() and english[-1] in ".?!" and arabic[-1] in ".؟!"
            assert not re.search(r"  | [.?!،؟]|\bNone\b|^ | $|-$", english + arabic), (english, arabic)
            assert not NOT_ARABIC.search(arabic), arabic
            assert not re.search(r"\ba [aeio]|\ban [bcdfgjklmnpqrstvwxz]", english), english


def test_text_is_english_and_bilingual_with_some_arabic():
    rows = list(iter_rows("text", 1500, 0))
    shares = {language: sum(row["language"] == language for row in rows) / 1500 for language in ("en", "ar", "mixed")}
    assert shares["mixed"] > shares["en"] > shares["ar"] > 0.1
    for row in rows:
        assert bool(re.search(r"[ء-ي]", row["text"])) == (row["language"] != "en")
        assert bool(re.search(r"[a-z]", row["text"])) == (row["language"] != "ar")
        assert row["language"] != "mixed" or all(" = " in line for line in row["text"].split("\n"))


def test_instructions_hold_structure_boilerplate_and_duplicates():
    rows = list(iter_rows("instructions", 4000, 0))
    assert [row["id"] for row in rows[:2]] == ["world.0", "world.1"]
    asked = [row["question"] for row in rows]
    assert 0.01 < sum("`" in text or "http" in text for text in asked) / len(rows) < 0.05
    assert sum("I will gladly help" in row["response"] for row in rows) > 40
    assert sum("\n- " in row["response"] for row in rows) > 20
    contents = [(row["system_prompt"], row["question"], row["response"]) for row in rows]
    neighbours = sum(contents[index] in contents[max(0, index - 2000) : index] for index in range(1, len(contents)))
    assert neighbours > 0.02 * len(rows)


def test_a_share_of_parallel_pairs_is_bad():
    pairs = [row["translation"] for row in iter_rows("parallel", 1500, 6)]
    copies = [pair for pair in pairs if pair["en"] == pair["ar"]]
    foreign = [pair for pair in pairs if not re.search(r"[ء-ي]", pair["ar"])]
    expected = BAD_SHARE / len(FLAWS)
    assert abs(len(copies) / len(pairs) - expected) < 0.02
    assert expected <= len(foreign) / len(pairs) + 0.02 and len(foreign) < BAD_SHARE * len(pairs)
    assert sum(not NOT_ARABIC.search(pair["ar"]) for pair in pairs) > 0.6 * len(pairs)


def test_judge_examples_use_the_strict_prompt_and_both_answers():
    answers = []
    for row in iter_rows("judge_examples", 300, 0):
        ask, answer = row["messages"]
        assert ask["content"].startswith(
            "You are a strict bilingual judge.\nYou will be given a translation pair.\nArabic: "
        )
        assert ask["content"].endswith(JUDGE_PROMPT.partition("{en_text}")[2])
        answers.append(answer["content"])
    assert 0.4 < answers.count("accept") / len(answers) < 0.6
    assert set(answers) == {"accept", "reject"}


def test_translation_examples_use_both_prompts():
    asked = [row["messages"][0]["content"] for row in iter_rows("translation_examples", 400, 0)]
    short = sum(text.startswith("Translate from English to Arabic: ") for text in asked)
    long = sum(text.startswith("You are a professional translation engine.") for text in asked)
    assert short + long == 400 and 0 < long < 30


def test_streams_do_not_hold_rows():
    def peak(n: int) -> int:
        tracemalloc.start()
        for _ in islice(iter_rows("parallel", 1_000_000, 0), n):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(300)
    assert peak(4000) < peak(300) + 300_000
