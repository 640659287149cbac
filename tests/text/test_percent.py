from __future__ import annotations

import pytest

from factory.text.percent import percents_lost


@pytest.mark.parametrize(
    ("source", "target", "language", "lost"),
    [
        ("A fatality of 3.4% was reported.", "أُبلغ عن نسبة وفيات 3.4.", "ar", 1),
        ("A fatality of 3.4% was reported.", "أُبلغ عن نسبة وفيات 3.4 في المئة.", "ar", 0),
        ("A fatality of 3.4% was reported.", "أُبلغ عن نسبة وفيات ٣٫٤٪.", "ar", 0),
        ("It rose by 20 percent.", "Er stieg um 20.", "de", 1),
        ("It rose by 20 per cent.", "Er stieg um 20 Prozent.", "de", 0),
        ("From 10% to 20%.", "Von 10 bis 20 %.", "de", 0),
        ("It rose by 20%.", "Yüzde 20 arttı.", "tr", 0),
        ("It rose by 20%.", "20 arttı.", "tr", 1),
        ("It rose by 20%.", "增长了百分之20。", "zh", 0),
        ("It rose by 20%.", "Er stieg um ein Fünftel.", "de", 0),  # no number to be bare
        ("It rose by 20%.", "20", "tlh", 0),  # a language whose word is not known
        ("It has 20 seats.", "Il a 20 places.", "fr", 0),
    ],
)
def test_lost_per_cent_signs(source, target, language, lost):
    assert percents_lost(source, target, ("en", language)) == lost
