"""The default checks beyond English and Arabic."""

from __future__ import annotations

import pytest

from factory.checks import DEFAULT, parse_check


def refused(source: str, target: str, language: str, of: str = "en") -> list[str]:
    checks = [parse_check(name).in_language(language, of) for name in DEFAULT]
    return [check.name for check in checks if not check.accept(check.score(source, target))]


WEEKS = "Every two weeks the committee meets in the old town hall, and anyone who wants to may listen."


@pytest.mark.parametrize(
    ("source", "target", "language"),
    [
        (WEEKS, "委员会每两周在旧市政厅开会，任何人都可以旁听。", "zh"),
        (WEEKS, "委員會每兩週在舊市政廳開會，任何人都可以旁聽。", "zh-TW"),
        (WEEKS, "委員会は二週間ごとに旧市庁舎で会合を開き、希望者は誰でも傍聴できます。", "ja"),
        (WEEKS, "คณะกรรมการประชุมกันทุกสองสัปดาห์ที่ศาลากลางเก่า และใครอยากฟังก็ฟังได้", "th"),
        (WEEKS, "ኮሚቴው በየሁለት ሳምንቱ በአሮጌው ማዘጋጃ ቤት ይሰበሰባል፣ የፈለገ ሰው ሁሉ ማዳመጥ ይችላል።", "am"),
        (
            WEEKS,
            "Komitə hər iki həftədən bir köhnə bələdiyyə binasında toplaşır və istəyən hər kəs dinləyə bilər.",
            "az",
        ),
        (WEEKS, "समिति हर दो सप्ताह में पुराने टाउन हॉल में बैठती है और जो चाहे सुन सकता है।", "hi"),
        ("Where is the library?", "Πού είναι η βιβλιοθήκη;", "el"),
        ("Where is the library?", "Πού είναι η βιβλιοθήκη\u037e", "el"),
        ("Where is the library?", "Որտե՞ղ է գրադարանը։", "hy"),
        ("Where is the library?", "ห้องสมุดอยู่ที่ไหน", "th"),
        ("He said: Come in.", "Er sagte: „Kommen Sie herein“", "de"),
        (
            "The president of South Africa spoke to people in Durban on Tuesday.",
            "UMongameli waseNingizimu Afrika ukhulume nabantu eThekwini ngoLwesibili.",
            "zu",
        ),
        ("Jonathan lives in Manhattan.", "Jonathan lebt in Manhattan.", "de"),
        ("It rained in 2005.", "၂၀၀၅ ခုနှစ်တွင် မိုးရွာခဲ့သည်။", "my"),
        ("The Germans met the president in Malta.", "Il-Ġermaniżi ltaqgħu mal-president f'Malta.", "mt"),
        ("Such an abbreviation is common in the army.", 'קיצור כזה מקובל בצה"ל', "he"),
    ],
)
def test_good_translations_are_kept(source, target, language):
    assert refused(source, target, language) == []


@pytest.mark.parametrize(
    ("source", "target", "language", "check"),
    [
        (WEEKS, WEEKS, "de", "language"),
        (WEEKS, "Le comité se réunit toutes les deux semaines dans l'ancien hôtel de ville.", "de", "language"),
        (WEEKS, "คณะกรรมการประชุมกันทุกสองสัปดาห์", "th", "unfinished"),
        (WEEKS, "委员会每两周开会。" * 16, "zh", "length_ratio"),
        (WEEKS, "Der Ausschuss tagt alle zwei Wochen, and anyone who wants to may listen.", "de", "untranslated"),
        ("It rained in 2005.", "၂၀၀၆ ခုနှစ်တွင် မိုးရွာခဲ့သည်။", "my", "numbers"),
        ("Where is the library?", "Die Bibliothek ist dort.", "de", "answered"),
        ("It opens on Tuesday.", "Sie öffnet am Donnerstag.", "de", "entities"),
        ("The president spoke about the weather.", "Президент говорил о погоде.", "de", "script"),
        ("The nurse came in the morning.", "护士 сегодня утром来了。", "zh", "mixed_script"),
    ],
)
def test_broken_ones_are_found(source, target, language, check):
    assert check in refused(source, target, language)


@pytest.mark.parametrize(
    ("source", "target", "language", "of"),
    [
        (
            "تجتمع اللجنة كل أسبوعين في مبنى البلدية القديم.",
            "The committee meets every two weeks in the old town hall.",
            "en",
            "ar",
        ),
        ("Le comité se réunit toutes les deux semaines.", "Der Ausschuss tagt alle zwei Wochen.", "de", "fr"),
        ("委员会每两周在旧市政厅开会，任何人都可以旁听。", WEEKS, "en", "zh"),
    ],
)
def test_the_source_need_not_be_english(source, target, language, of):
    assert refused(source, target, language, of) == []


def test_checks_say_where_they_cannot_judge():
    said = {name: parse_check(name).in_language("kab", "en").unjudged() for name in DEFAULT}
    assert "CLD2" in said["language"] and not said["numbers"]
    assert parse_check("unfinished").in_language("th", "en").unjudged()
