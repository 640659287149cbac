from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.text.closeness import METRICS, closeness


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Seven small birds sing near the river every morning.", "en"),
        ("سبعة طيور صغيرة تغرد قرب النهر كل صباح.", "ar"),
        ("七只小鸟每天早上在河边歌唱。", "zh"),
        ("นกเจ็ดตัวร้องเพลงริมแม่น้ำ", "th"),
        ("हर सुबह नदी के पास सात पक्षी गाते हैं", "hi"),
    ],
)
def test_a_text_is_close_to_itself_in_any_script(text, language):
    found = closeness(text, text, language)
    assert list(found) == list(METRICS)
    assert all(score == pytest.approx(100, abs=1) for score in found.values()), found
    other = closeness("xyz", text, language)
    assert all(score < 10 for score in other.values()), other


def test_each_metric_sees_its_own():
    reference = "the teacher reads a long book in the garden"
    shorter = closeness("the teacher reads a long book", reference, "en")
    assert shorter["rouge_precision"] == 100 and shorter["rouge_recall"] == pytest.approx(100 * 6 / 9)
    stems = closeness("the teachers reading a long book in the gardens", reference, "en")
    assert stems["meteor"] > 90 > stems["rouge_f1"]
    order = closeness("in the garden the teacher reads a long book", reference, "en")
    assert order["meteor"] > order["rouge_f1"]


@pytest.mark.parametrize(("text", "language"), [("red", "en"), ("أحمر", "ar"), ("Two cats", "en"), ("3", "en")])
def test_short_texts_that_come_back_as_they_were_are_whole(text, language):
    assert all(score == pytest.approx(100) for score in closeness(text, text, language).values())
    assert closeness(f"{text}.", text, language)["meteor"] == 100


def test_words_that_match_in_order_by_their_stems_are_whole():
    assert closeness("reads books", "reading book", "en")["meteor"] == 100
    assert closeness("book reads", "reading book", "en")["meteor"] < 60


def test_against_values_worked_out_by_hand():
    """METEOR of 2005: F = 10PR / (R + 9P), penalty 0.5 (chunks / matches)^3."""
    found = closeness("the cat sat", "the cat sat down", "en")
    p, r = 1.0, 0.75
    assert found["meteor"] == pytest.approx(100 * (10 * p * r / (r + 9 * p)) * (1 - 0.5 * (1 / 3) ** 3))


@pytest.mark.parametrize(
    ("one", "other"),
    [("كَتَبَ الوَلَدُ الدَّرْسَ اليَوْمَ", "كتب الولد الدرس اليوم"), ("مـــدرسة كبيرة في القرية", "مدرسة كبيرة في القرية")],
)
def test_vowel_marks_and_tatweel_are_no_difference(one, other):
    assert closeness(one, other, "ar") == closeness(other, other, "ar")


def test_a_comma_of_any_script_is_a_word_of_its_own():
    import sacrebleu

    one, other = "قال الرجل، نعم", "قال الرجل نعم"
    known = sacrebleu.BLEU(tokenize="none", effective_order=True).sentence_score("قال الرجل ، نعم", [other]).score
    assert closeness(one, other, "ar")["bleu"] == pytest.approx(known)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(["en", "ar", "ja", "xx", "pt_BR"]))
def test_no_text_breaks_it(one, other, language):
    assert all(0 <= score <= 100.001 for score in closeness(one, other, language).values())
