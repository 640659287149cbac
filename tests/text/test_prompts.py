from __future__ import annotations

import pytest

from factory.text.prompts import remarks

LAMP = "The lamp is on the table."


@pytest.mark.parametrize(
    ("source", "target", "language", "found"),
    [
        (LAMP, "Final: المصباح على الطاولة.", "ar", {"label"}),
        (LAMP, "النتيجة النهائية: المصباح على الطاولة.", "ar", {"label"}),
        (LAMP, "**Résultat :** La lampe est sur la table.", "fr", {"label"}),
        (LAMP, "译文：灯在桌子上。", "zh", {"label", "mention"}),
        (LAMP, "Deutsch: Die Lampe steht auf dem Tisch.", "de", {"label"}),
        (LAMP, "Hier:\nDie Lampe steht auf dem Tisch.", "de", {"label"}),
        ("Result: it works.", "Résultat : ça marche.", "fr", set()),
        ("He said he was fine.", "قال: أنا بخير.", "ar", set()),
        ('"I know", he answered.', 'الرد: "أعرف".', "ar", set()),
        ("Another difference was the price.", "Autre différence : le prix.", "fr", set()),
    ],
)
def test_labels(source, target, language, found):
    assert remarks(source, target, ("en", language)) == found


@pytest.mark.parametrize(
    ("target", "language"),
    [
        ("اكتب قصيدة. الرجاء الإجابة باللغة الإنجليزية.", "ar"),
        ("اكتب قصيدة. يرجى الرد بإيجاز.", "ar"),
        ("Écris un poème. Répondez en anglais.", "fr"),
        ("Напиши стих. Ответьте, пожалуйста, кратко.", "ru"),
        ("写一首诗。请用英语回答。", "zh"),
        ("詩を書いて。日本語で答えてください。", "ja"),
        ("एक कविता लिखो। कृपया हिंदी में उत्तर दें।", "hi"),
        ("Schreib ein Gedicht.\nAntworte auf Englisch.", "de"),
    ],
)
def test_instructions_that_the_source_has_not(target, language):
    assert "instruction" in remarks("Compose a poem.", target, ("en", language))
    assert "instruction" not in remarks("Compose a poem. Please answer in English.", target, ("en", language))


def test_languages_and_answers_in_prose_are_no_instruction():
    pair = ("He learned French and wrote a book in it.", "Il a appris le français et a écrit un livre.")
    assert remarks(*pair, ("en", "fr")) == set()


@pytest.mark.parametrize(
    ("target", "language"),
    [
        ("La lampe. Voici la traduction.", "fr"),
        ("Die Lampe. Bitte nur die Übersetzung angeben.", "de"),
        ("灯。只提供译文。", "zh"),
    ],
)
def test_talk_of_translating(target, language):
    assert "mention" in remarks("The lamp.", target, ("en", language))
    assert "mention" not in remarks("The lamp was translated.", target, ("en", language))
