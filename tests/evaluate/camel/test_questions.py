"""What is asked of a row, by the kind of its set."""

from __future__ import annotations

import pytest

from factory.evaluate.camel.questions import KINDS

QUESTION = " ما هذا {الشيء}؟"


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"countbench"}))
def test_every_kind_keeps_the_question_as_it_is_written(kind):
    row = {
        "question": QUESTION,
        "hint": "",
        "question_type": "multiple-choice",
        "answer_type": "text",
        "options": ["خيار"] if kind in ("lettered", "videomme") else "['خيار'، 'آخر']",
        "choices": "['خيار']",
        "subtitles": "نص",
        "A": "خيار",
        **{f"choice_{letter}": "خيار" for letter in "abcd"},
    }
    if kind == "mathvista":
        row["question_type"] = "multi_choice"
    asked = KINDS[kind](row)
    assert QUESTION.strip() in asked and "\0" not in asked and "{question}" not in asked
    with pytest.raises(ValueError, match=r"the row has no 'question'|cannot be put together"):
        KINDS[kind]({key: value for key, value in row.items() if key != "question"})


def test_counting_asks_the_same_of_every_row():
    assert KINDS["countbench"]({}) == "كم عدد الأشياء الموجودة في الصورة؟\nأجب برقم فقط."


def test_choices_are_lettered_in_arabic_and_arabic_commas_part_them():
    row = {"question": "س", "question_type": "multiple-choice", "options": "['أحمر'، 'أزرق']"}
    assert KINDS["mmmu"](row).splitlines()[:3] == ["س", "أ. أحمر", "ب. أزرق"]
    assert KINDS["mmmu"](row | {"question_type": "open"}).endswith("كلمة أو عبارة واحدة.")


def test_empty_choices_are_left_out_and_keep_their_letters():
    asked = KINDS["mmt"]({"question": "س", "A": "x", "B": " ", "C": " z ", "I": None})
    assert asked.splitlines()[:4] == ["سؤال: <image>", "س", "أ: x", "ج: z"]
    asked = KINDS["mmbench"]({"question": "س", "hint": "nan", "A": "x", "B": "nan", "D": "w", "E": float("nan")})
    assert asked.splitlines()[:3] == ["س هناك عدة خيارات:", "أ. x", "د. w"]


def test_sums_say_what_form_the_answer_takes():
    row = {"question": "س", "question_type": "free_form", "answer_type": "float", "precision": 1.0, "choices": "None"}
    assert "عشرية واحدة" in KINDS["mathvista"](row | {"unit": "سم"})
    assert "(الوحدة: سم)" in KINDS["mathvista"](row | {"unit": "سم"})
    with pytest.raises(ValueError, match="float 3"):
        KINDS["mathvista"](row | {"precision": 3})


@pytest.mark.parametrize("options", ["[1, 2", "nothing", None, 5])
def test_choices_that_cannot_be_read_fail_the_row(options):
    with pytest.raises(ValueError, match="cannot be put together"):
        KINDS["mmmu"]({"question": "س", "question_type": "multiple-choice", "options": options})
