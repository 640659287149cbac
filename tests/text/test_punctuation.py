from __future__ import annotations

import pytest

from factory.text.punctuation import asking_marks, between_sentences, sentence_ends, text_ends


def test_marks_of_every_script():
    assert {*"?؟？՞፧"} <= asking_marks("en") and ";" not in asking_marks("en") and {*";\u037e"} <= asking_marks("el")
    assert {*".!?؟。।॥۔።။។…"} <= sentence_ends() <= text_ends()
    assert {*")]»”」』"} <= text_ends() and text_ends().isdisjoint(",،、፣„«“")


@pytest.mark.parametrize("text", ["One. Two", "雨です。雪です", "नमस्ते। आइए", "ሰላም። ደህና", "Yes?  No", "In 1921. He"])
def test_between_two_sentences(text):
    assert len(between_sentences().findall(text)) == 1


@pytest.mark.parametrize("text", ["A. B", "1. one", "10. ten", "Just one.", "雨です。"])
def test_within_one(text):
    assert between_sentences().search(text) is None
