from __future__ import annotations

import pytest

from factory.text.names import without_glosses, without_names


@pytest.mark.parametrize(
    ("text", "source", "rest"),
    [
        ("Tom wohnt in Berlin", "Tom lives in Berlin", "wohnt in"),
        ("أدلة على Homo erectus هنا", "evidence of Homo erectus here", "أدلة على هنا"),
        ('ما هو "coring"؟', "What is 'coring'?", "ما هو ؟"),
        ('ما هو "coring"؟', "What is this?", 'ما هو "coring"؟'),
    ],
)
def test_what_a_translation_leaves_as_it_is(text, source, rest):
    assert without_names(text, source).split() == rest.split()


def test_a_gloss_says_what_the_source_says():
    assert without_glosses("阿尔登 (Alden) 和（Smith）", "Alden and Jones") == "阿尔登 和（Smith）"
