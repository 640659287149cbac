"""Broken translations that look well at first sight, each beside a good one that looks alike."""

from __future__ import annotations

import pytest

from benchmarks.checks.damaged import KINDS
from benchmarks.checks.make_labelled import read
from factory.checks import DEFAULT, parse_check
from factory.checks.scoring import Scored
from tests.checks.test_languages import refused

VALLEY = "The valley is dry.\n\nFew trees grow there.\n\nRain falls in winter."
FIVE = (
    "The old library stands beside the river. It was built by a merchant who had travelled far. Every evening the"
    " students sit at its long wooden tables. Nobody may speak there above a whisper. The lamps are put out at ten."
)
EVENINGS = " يجلس الطلاب كل مساء إلى طاولاتها الخشبية الطويلة."
CAPITALS = (
    "The storm had been watched closely by the NHC. Fourteen schools near the coast were closed on Wednesday. The"
    " boats were brought into the harbour before noon. Nobody was hurt."
)
CAPITALS_DE = (
    "Der Sturm war vom NHC genau beobachtet worden, d. h. rund um die Uhr. Vierzehn Schulen nahe der Küste blieben am"
    " Mittwoch geschlossen.{} Niemand wurde verletzt."
)
BOATS = " Die Boote wurden vor Mittag in den Hafen gebracht."
QUESTION = "Which is it?\nA. Mars\nB. Venus\nAnswer: B"
QUESTION_AR = "أيها؟\nA. المريخ\nB. الزهرة\nالإجابة: "
FIVE_AR = (
    "تقع المكتبة القديمة بجانب النهر. بناها تاجر سافر إلى بلاد بعيدة.{} لا يجوز لأحد أن يتكلم هناك بصوت مرتفع."
    " تطفأ المصابيح في العاشرة."
)


@pytest.mark.parametrize(
    ("check", "source", "good", "bad", "language"),
    [
        ("added", VALLEY, "الوادي جاف.\n\nتنمو أشجار قليلة.\n\nيهطل المطر شتاءً.", "{}\n\nالوادي جاف.", "ar"),
        ("added", "The shop is closed today.", "商店今天关门。", "{0}{0}", "zh"),
        ("added", "The shop is closed today.", "今日は店が休みです。", "{0}\n{0}", "ja"),
        ("added", "The shop is closed today.", "Le magasin est fermé aujourd'hui.", "{0} {0}", "fr"),
        (
            "repetition",
            "The cat sat by the door.",
            "جلست القطة عند الباب.",
            "جلست القطة القطة القطة القطة عند الباب.",
            "ar",
        ),
        (
            "repetition",
            "The weather is good today, and we go out.",
            "今天天气很好，我们出去。",
            "今天天气天气天气天气很好，我们出去。",
            "zh",
        ),
        ("unfinished", "Take the second road.", "اسلك الطريق الثاني.", "{}\n```", "ar"),
        ("unfinished", "Take the second road.", "Prends la deuxième route.", "~~~\n{}", "fr"),
        ("chat_tokens", "Take the second road.", "Prends la deuxième route.", "[THINK]{}", "fr"),
        ("chat_tokens", "Take the second road.", "Nehmen Sie die zweite Straße.", "◁think▷{}", "de"),
        ("chat_tokens", "Take the second road.", "Toma la segunda calle.", "<seed:think>{}", "es"),
        ("chat_tokens", "Write to [NAME].", "Écrivez à [NOM].", "Écrivez à [NOM]. [END OF RESPONSE]", "fr"),
        ("mixed_script", "Come in, sit down, and rest.", "ادخل، اجلس، واسترح.", "ادخل，اجلس，واسترح。", "ar"),
        ("mixed_script", "Come in, sit down.", "Entrez, asseyez-vous.", "Entrez，asseyez-vous.", "fr"),
        ("mixed_script", "Acids enter the cell.", "تدخل الأحماض الخلية.", "تدخل الأحماض عنوان IP.", "ar"),
        ("mixed_script", "The World Health Organization met.", "Собрание ВОЗ (WHO).", "Собрание IMF.", "ru"),
        ("structure", "Read the **first** line.", "اقرأ السطر **الأول**.", "اقرأ السطر الأول.", "ar"),
        ("structure", "Read the *first* line.", "Lis la *première* ligne.", "Lis la première ligne.", "fr"),
        ("answered", QUESTION, QUESTION_AR + "B", QUESTION_AR + "A", "ar"),
        ("numbers", "Some 3.4% were lost.", "فُقد نحو 3.4٪.", "فُقد نحو 3.4.", "ar"),
        ("dropped", FIVE, FIVE_AR.format(EVENINGS), FIVE_AR.format(""), "ar"),
        ("dropped", CAPITALS, CAPITALS_DE.format(BOATS), CAPITALS_DE.format(""), "de"),
        (
            "entities",
            "The fund holds two million dollars.",
            "يملك الصندوق مليوني دولار.",
            "يملك الصندوق ملياري دولار.",
            "ar",
        ),
        (
            "entities",
            "It has two million people.",
            "Tiene dos millones de habitantes.",
            "Tiene dos mil millones de habitantes.",
            "es",
        ),
        ("entities", "The prize was $350.", "حُددت الجائزة بمبلغ 350 دولارًا.", "حُددت الجائزة بمبلغ 350 يورو.", "ar"),
        ("entities", "He spent a year in Iraq.", "قضى عامًا في العراق.", "قضى عامًا في لندن.", "ar"),
        ("entities", "The village lies north of the lake.", "村子在湖的北边。", "村子在湖的南边。", "zh"),
        ("refusal", "The lamp is on the table.", "La lampe est sur la table.", "Résultat : {}", "fr"),
        ("refusal", "Write a poem.", "اكتب قصيدة.", "{} الرجاء الإجابة باللغة الإنجليزية.", "ar"),
        ("garbled", "The café is open.", "Le café est ouvert.", "Le cafÃ© est ouvert.", "fr"),
        ("garbled", "Send the report today.", "أرسل التقرير اليوم.", "\u202e{}", "ar"),
    ],
)
def test_the_broken_one_is_refused_and_the_good_one_kept(check, source, good, bad, language):
    assert check not in refused(source, good, language)
    assert check in refused(source, bad.format(good), language)


@pytest.mark.parametrize(
    ("source", "good"),
    [
        ("A note is due. Please provide only the translation.", False),
        ("Return the translated text without any comments.", False),
        ("Do not add notes to the translation.", False),
        ("The court provided a translation to both sides.", True),
        ("Return the keys to the office.", True),
    ],
)
def test_the_prompt_of_a_translator_in_the_source(source, good):
    assert ("language_task" in refused(source, "نص طويل بما يكفي لهذا الغرض.", "ar")) is not good


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_benchmark_damages_pairs_and_most_are_found(kind):
    """Half of what it makes of the pairs beside it: a floor, not the measured values."""
    good = [(source, target) for _, source, target in read("good.tsv") if "\n" not in source]
    checks = [parse_check(name).in_language("ar", "en") for name in DEFAULT]
    for form, damage in KINDS[kind].items():
        broken = damage(good, "ar")
        assert all((one.source, one.good) != (one.asked or one.source, one.bad) for one in broken)
        if len(broken) < 5 or kind == "another paragraph":  # which only meaning can tell
            continue
        scored = Scored(checks, len(broken))
        scored.add(([one.asked or one.source for one in broken], [one.bad for one in broken]))
        assert len(scored.refused()) >= 0.5 * len(broken), form
