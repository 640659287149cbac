from __future__ import annotations

import pytest

from factory.text.answering import answered, languages


@pytest.mark.parametrize(
    ("source", "target", "language"),
    [
        ("List prices rose last year.", "ارتفعت الأسعار المعلنة.", "ar"),
        ("State-owned firms pay no tax.", "لا تدفع شركات الدولة ضرائب.", "ar"),
        ("Convert rooms are popular.", "الغرف المحولة شائعة.", "ar"),
        ('"name": "Omar"', '"name": "عمر"', "ar"),
        ("Can you tell me a story?", "احكِ لي قصة.", "ar"),
        ("What are two types of rock?", "Назвіть два типи порід.", "uk"),
        ("What are two types of rock?", "岩石の種類を二つ挙げてください。", "ja"),
        ("What are two types of rock?", "चट्टान के दो प्रकार बताइए।", "hi"),
        ("ما نوعا الصخور؟", "Name two types of rock.", "en"),
        ("Is this the road?", "أهذا هو الطريق", "ar"),
        ("She likes tea, you know?", "إنها تحب الشاي.", "ar"),
        ("Come with me, will you?", "Kommen Sie mit.", "de"),
        ("Where do you live?", "คุณอาศัยอยู่ที่ไหน", "th"),
    ],
)
def test_a_translation_may_ask_otherwise(source, target, language):
    source_language = "ar" if language == "en" else "en"
    assert answered(source, target, languages(source_language, language)) == 0.0


@pytest.mark.parametrize(
    ("source", "target", "language"),
    [
        ("List three fruits.", "التفاح والموز والبرتقال.", "ar"),
        ("Please list fruits.", "التفاح والموز والبرتقال.", "ar"),
        ("How do I write a book?", "اكتب كل يوم.", "ar"),
        ("What does the novel describe?", "La novela describe una guerra.", "es"),
        ("Where is Paris?", "Paris est en France.", "fr"),
    ],
)
def test_an_answer_is_none(source, target, language):
    assert answered(source, target, languages("en", language)) >= 0.75
