from __future__ import annotations

import pytest

from factory.text.choices import names_another


@pytest.mark.parametrize(
    ("source", "target", "found"),
    [
        ("Which?\nA. Mars\nB. Venus\nAnswer: B", "أيهما؟\nA. المريخ\nB. الزهرة\nالإجابة: A", True),
        ("Which?\nA. Mars\nB. Venus\nAnswer: B", "أيهما؟\nأ. المريخ\nب. الزهرة\nالإجابة: ب", False),
        ("Which?\nA. Mars\nB. Venus\nAnswer: B", "أيهما؟\nأ. المريخ\nب. الزهرة\nالإجابة: أ", True),
        ("The correct answer is (C).", "La bonne réponse est (D).", True),
        ("The correct answer is (C).", "La bonne réponse est (C).", False),
        ("**Answer:** B\nBecause it is hot.", "**Ответ:** Г\nПотому что там жарко.", True),
        ("**Answer:** B\nBecause it is hot.", "**Ответ:** Б\nПотому что там жарко.", False),
        ("Answer: B", "正解：B", False),
        ("Answer: B", "正解：D", True),
        ("He takes vitamin C", "إنه يتناول فيتامين سي", False),
        ("See group A", "Voir le groupe B", False),  # no answer
        ("Answer: B", "الإجابة هي الزهرة", False),  # says it in words
    ],
)
def test_the_letter_of_the_answer(source, target, found):
    assert names_another(source, target) is found
