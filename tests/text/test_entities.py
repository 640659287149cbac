from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.text.entities import changed, entities


def kinds(source: str, target: str, language: str, of: str = "en") -> list[str]:
    ours, theirs = entities(of), entities(language)
    assert ours and theirs
    return [old[0] for old, _ in changed(source, target, ours, theirs)]


@pytest.mark.parametrize(
    ("source", "target", "language", "kind"),
    [
        ("It opens in March.", "يفتح في مايو.", "ar", "month"),
        ("It opens on Tuesday.", "Sie öffnet am Donnerstag.", "de", "weekday"),
        ("It cost 500 dollars.", "Il a coûté 500 roubles.", "fr", "currency"),
        ("She lives in Germany.", "她住在法国。", "zh", "territory"),
        ("The flight to Cairo", "الرحلة إلى بغداد", "ar", "city"),
        ("It is north of the river.", "تقع جنوب النهر.", "ar", "compass"),
        ("some 1.2 million people", "نحو 1.2 مليار نسمة", "ar", "scale"),
    ],
)
def test_another_thing_of_the_kind(source, target, language, kind):
    assert kinds(source, target, language) == [kind]


@pytest.mark.parametrize(
    ("source", "target", "language"),
    [
        ("It opens on Thursday.", "پنج شنبه باز می‌شود.", "fa"),
        ("It opens on Thursday.", "پنج‌شنبه باز می‌شود.", "fa"),
        ("Talks between North Korea and the United States", "美国国务院谈朝美会谈", "zh"),
        ("It opens in March.", "يفتح في آذار.", "ar"),  # the month's name in Damascus
        ("It opens in March.", "Otwierają w marcu.", "pl"),  # in another case
        ("May I come on Friday?", "هل لي أن آتي يوم الجمعة؟", "ar"),
        ("The French army left Spain.", "Die Franzosen verließen Spanien.", "de"),
        ("some 1.2 billion people", "unos 1200 millones de personas", "es"),
        ("Kanye West said so.", "قال كاني ويست ذلك في الشرق.", "ar"),
        ("They met in Georgia and Texas.", "التقوا في جورجيا وتكساس.", "ar"),
        ("on Tuesday", "روز سه شنبه", "fa"),  # written apart, of which the second word is Saturday
    ],
)
def test_what_is_the_same(source, target, language):
    assert kinds(source, target, language) == []


def test_the_source_may_be_in_any_language():
    assert kinds("Il arrive lundi.", "He arrives on Friday.", "en", of="fr") == ["weekday"]


def test_a_language_without_names_has_no_entities():
    assert entities("xx") is None


@given(st.text(), st.text())
def test_any_text_is_compared(source, target):
    assert kinds(source, target, "ar") == [] or (source and target)
