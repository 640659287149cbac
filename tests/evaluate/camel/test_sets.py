from __future__ import annotations

from factory.evaluate.camel import questions
from factory.evaluate.camel.sets import DOMAINS, JUDGED, camel_sets


def test_44_sets_each_with_a_domain_a_rule_and_a_question():
    sets = camel_sets()
    assert len(sets) == 44 and len({one.repo for one in sets.values()}) == 44
    for one in sets.values():
        assert one.domain in DOMAINS and one.images in ("one", "several")
        assert (one.scorer("published") is None) == (one.rule == JUDGED) and one.scorer("clean") is not None
        assert (one.limit is not None) == (one.rule == "edit")
        assert one.question in questions.KINDS
    assert {one.domain for one in sets.values()} == set(DOMAINS)


def test_the_limits_of_recognised_text_are_the_scripts():
    limits = {name: one.limit for name, one in camel_sets().items() if one.limit is not None}
    assert limits == {
        "ocrisi": 0.3,
        "evarest": 0.5,
        "historicalbooks": 0.2,
        "khatt": 0.3,
        "patsocr": 0.5,
        "arabicocr": 0.4,
    }
    assert {name for name, one in camel_sets().items() if one.rule == JUDGED} == {
        "vqav2",
        "mtvqa",
        "mathvista",
        "geochat",
    }
