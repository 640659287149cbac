from __future__ import annotations

import pytest

from factory.text.languages import detect, detected_as, language_share, varieties

CROATIAN = "Povjerenstvo će sljedeći tjedan objaviti izvješće o sigurnosti željezničkog prometa u cijeloj zemlji."
ENGLISH = "The committee will publish its report on the safety of railway traffic next week."
GERMAN = "Der Ausschuss wird seinen Bericht über die Sicherheit des Bahnverkehrs nächste Woche veröffentlichen."
EGYPTIAN = "اللجنة هتنشر تقريرها عن سلامة القطر الأسبوع الجاي عشان الناس تعرف إيه اللي حصل."


@pytest.mark.parametrize(
    ("text", "language", "right"),
    [
        (CROATIAN, "hr", True),
        (CROATIAN, "bs", True),  # neighbours that CLD2 confuses
        (CROATIAN, "sr-Latn", True),
        (CROATIAN, "de", False),
        (EGYPTIAN, "arz", True),
        (EGYPTIAN, "ary", True),
        (EGYPTIAN, "fa", False),
        (ENGLISH, "de", False),
        (GERMAN, "fr", False),
        (GERMAN, "kab", True),  # a language that CLD2 does not know: nothing is said
    ],
)
def test_a_text_is_in_its_language_or_in_a_neighbour(text, language, right):
    assert (language_share(text, language) >= 0.5) is right


def test_names_that_the_source_has_are_no_sign_of_a_language():
    source = "They took him to Ronald Reagan UCLA Medical Center, where he died later."
    slovenian = "Prepeljali so ga v bolnišnico Ronald Reagan UCLA Medical Center, kjer je pozneje umrl."
    assert language_share(slovenian, "sl", source) >= 0.5
    assert language_share(source, "sl", source) < 0.5


def test_what_cannot_be_read_says_nothing():
    assert detect("\ud800 broken half of a character " * 3) is None
    assert detected_as("kab") == "" and detected_as("arz") == "ar"


def test_varieties_are_counted():
    assert varieties([ENGLISH, ENGLISH, GERMAN, "short"]) == {"en": 2 / 3, "de": 1 / 3}
