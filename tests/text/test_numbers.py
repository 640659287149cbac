from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.text.numbers import ascii_digits, numbers, numbers_overlap


@given(st.integers(0, 10**9), st.sampled_from([0x660, 0x6F0, 0x966, 0x9E6, 0x1040, 0xE50, 0xF20, 0x1C50, 0xFF10]))
def test_digits_of_every_script_are_the_same(value, zero):
    written = "".join(chr(zero + int(digit)) for digit in str(value))
    assert ascii_digits(written) == str(value)
    assert numbers(written) == numbers(str(value))
    assert numbers_overlap(f"He saw {value} of them.", written) == 1.0


@pytest.mark.parametrize(
    ("source", "target", "language"),
    [
        ("It cost 45 million dollars.", "它耗资 4500 万美元。", "zh"),
        ("Some 330,000 people", "33万人", "ja"),
        ("about 1.2 million", "около 1 200 000", "ru"),
        ("17,500 of them", "17 500 de ellos", "es"),
        ("6,000 miles", "6 000 Meilen", "de"),
        ("The wave was 20 feet high.", "Vlna bola vysoká 6 metrov.", "sk"),
        ("17,500 miles per hour", "28 200 km/h", "sk"),
        ("It was 100 °F.", "Hacía 38 °C.", "es"),
        ("in the 17th century", "under 1600-talet", "sv"),
        ("the 2019–20 season", "2019-2020 赛季", "zh"),
        ("at 12.00 GMT", "kello 12 Greenwichin aikaa", "fi"),
        ("a 4-month-old mouse", "čtyřměsíční myš", "cs"),
        ("Throughout the 1960s", "20 世纪 60 年代", "zh"),
        ("the base", "స్థావర౦", "te"),  # a zero typed for a letter
        ("in 1,000 houses", "ní ẹgbẹ̀rún ilé", "yo"),
        ("Super Bowl XLIX", "السوبر بول 49", "ar"),
        ("Louis 14 built it in 1682.", "Louis XIV l'a construit en 1682.", "fr"),
        ("in the 19th century", "au XIXe siècle", "fr"),
        ("the famine of 1620-21", "مجاعة عامي 1620 و1621", "ar"),
        ("the winter of 1999-2000", "شتاء 1999-00", "ar"),
        ("pages 120-25", "الصفحات 120-125", "ar"),
        ("It costs $1,250,000.", "ثمنه 1،250،000 دولار.", "ar"),
        ("It costs 3.5 dollars.", "يكلف 3،5 دولار.", "ar"),
        ("The values are 10, 200 and 300.", "القيم هي 10،200 و300.", "ar"),
        ("Some 1.5 trillion dollars", "نحو 1,500,000,000,000 دولار", "ar"),
        ("It is $1{,}000$.", "هو 1000.", "ar"),
        ("a sheet of 29¾ inches", "29.75 pouces", "fr"),
        ("In 1956 he moved.", "ในปี พ.ศ. 2499 เขาย้าย", "th"),
        ("By September 17, 1939", "17.9.1939 mennessä", "fi"),
        ("in the twelfth century", "1100-luvulla", "fi"),
        ("1/2 of it", "نصفه", "ar"),
        ("around 800 people", "八百人左右", "zh-Hant"),
    ],
)
def test_the_same_number_in_another_form(source, target, language):
    assert numbers_overlap(source, target, ("en", language)) == 1.0


@pytest.mark.parametrize(
    ("source", "target", "language"),
    [
        ("It cost 45 million dollars.", "它耗资 3500 万美元。", "zh"),
        ("The angles sum up to 180 degrees.", "Die Winkel ergeben 183 Grad.", "de"),
        ("The wave was 20 feet high.", "Vlna bola vysoká 9 metrov.", "sk"),
        ("in 1995", "၁၉၉၆ ခုနှစ်", "my"),
        ("in the 17th century", "under 1700-talet", "sv"),
        ("He left in 2005.", "Er ging.", "de"),
        ("Super Bowl XLIX with friends", "السوبر بول 48 مع الأصدقاء", "ar"),
        ("the famine of 1620-21", "مجاعة 1720-1721", "ar"),
        ("It costs $50000.", "ثمنه 60،000 دولار.", "ar"),
        ("about 1.2 million", "نحو 1,300,000", "ar"),
        ("In 1956 he moved.", "ในปี พ.ศ. 2498 เขาย้าย", "th"),
    ],
)
def test_another_number(source, target, language):
    assert numbers_overlap(source, target, ("en", language)) < 0.5
