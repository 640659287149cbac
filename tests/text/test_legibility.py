from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.text.column import Texts
from factory.text.legibility import may_be_spoiled, spoiled


@pytest.mark.parametrize("sign", ["\u200b", "\u200c", "\u200f", "\ufeff", "\u00ad", "\u2060", "\u200e"])
@pytest.mark.parametrize(("language", "word"), [("ar", "متحف"), ("fr", "musée"), ("ru", "музей"), ("he", "מוזיאון")])
def test_unseen_characters_within_words_are_found(sign, language, word):
    assert spoiled("museum", f"{word[:2]}{sign}{word[2:]}", language) == 1


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fa", "می\u200cخواهم"),
        ("hi", "क्\u200dष"),
        ("ml", "അവൻ\u200d വന്നു"),
        ("th", "ภาษา\u200bไทย"),
        ("km", "ភាសា\u200bខ្មែរ"),
        ("ar", "الشركة \u200fIBM\u200f هنا"),
        ("ar", "الـ\u200fIBM"),
        ("ar", "\ufeffنص"),
        ("de", "👩\u200d💻 Hallo"),
    ],
)
def test_unseen_characters_where_a_language_has_them_are_none(language, text):
    assert spoiled("", text, language) == 0


def test_what_the_source_has_too_is_none():
    assert spoiled("co\u00adoperate", "co\u00adopérer", "fr") == 0
    assert spoiled("نـــص", "نـــص", "fa") == 0


@pytest.mark.parametrize(
    ("source", "text", "language", "found"),
    [
        ("The harvest was good.", "كان ال???ول جيد?ا", "ar", True),
        ("The café is open.", "Le caf? est ouvert.", "fr", True),
        ("The café is open.", "Le caf□ est ouvert.", "fr", True),
        ("It is good.", "य?ह अच?छा है।", "hi", True),
        ("Why? she asked.", "Pourquoi ? demanda-t-elle.", "fr", False),
        ("Really? Yes.", "Vraiment ?Oui.", "fr", False),  # a space is missing, no letter
        ("Tick the box: □", "Cochez la case : □", "fr", False),
    ],
)
def test_letters_lost(source, text, language, found):
    assert bool(spoiled(source, text, language)) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("الطـــقس جميل", True),
        ("كتـاب", True),
        ("ﺍﻟﻄﻘﺲ", True),
        ("سنة 1445 هـ", False),
        ("الـستات", False),  # the article set apart
        ("بـقيمة", False),
        ("محمد ﷺ", False),
    ],
)
def test_stretched_words_and_old_forms(text, found):
    assert bool(spoiled("", text, "ar")) is found


@pytest.mark.parametrize(
    ("text", "language"),
    [("Le café est ouvert", "fr"), ("Größe", "de"), ("mañana", "es"), ("Погода хорошая", "ru"), ("天气", "zh")],
)
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp1251", "cp1256"])
def test_text_decoded_wrongly(text, language, encoding):
    wrong = "".join(
        bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in text.encode()
    )  # what a program shows that believes UTF-8 to be that
    assert spoiled("", wrong, language)
    assert not spoiled("", text, language)


@pytest.mark.parametrize("text", ["«СССР»", "AMANHÃ»", "الساعة،", "Ça va à «Âge»", "AT&T; R&D", "дом №5"])
def test_rare_letters_side_by_side_are_not_decoded_wrongly(text):
    assert not spoiled("AT&T; R&D", text, "ru" if "С" in text or "д" in text else "ar" if "ا" in text else "fr")


def test_names_of_characters():
    assert spoiled("The café", "Le caf&eacute;", "fr") == 1
    assert spoiled("Write &eacute; for é", "Écrivez &eacute; pour é", "fr") == 0


@given(st.lists(st.text(alphabet="aé\u00c3\u00a9?\u200bـاФ»بﺍ&; ", max_size=12), max_size=6))
def test_what_is_spoiled_is_suspected(texts):
    suspects = may_be_spoiled(Texts(texts), "ar").tolist()
    assert all(suspect or not spoiled("", text, "ar") for text, suspect in zip(texts, suspects, strict=True))
