from __future__ import annotations

import pytest

from factory.evaluate.camel.scoring import Outcome, counted, outcome, set_score, table, tally
from factory.evaluate.camel.sets import camel_sets

SETS = camel_sets()


def entry(output: str, right: str | None, failure: str | None = None) -> dict:
    return {"output": output, "right": right, "failure": failure}


def test_what_becomes_of_a_row():
    gqa, geochat, mmmu = SETS["gqa"], SETS["geochat"], SETS["mmmu"]
    assert outcome(gqa, "published", entry("قطة", "قطة")) == Outcome("scored", True)
    assert outcome(gqa, "published", entry("قطة.", "قطة")) == Outcome("scored", False)
    assert outcome(gqa, "clean", entry("قطة.", "قطة")) == Outcome("scored", True)
    assert outcome(gqa, "published", entry("", "قطة", "no picture")) == Outcome("failed")
    assert outcome(gqa, "published", entry("", None, "no picture")) == Outcome("withheld")
    assert outcome(mmmu, "published", entry("", "أ")) == Outcome("stopped")
    assert outcome(mmmu, "clean", entry("", "أ")) == Outcome("scored", False)
    assert outcome(geochat, "published", entry("نهر", "نهر")) == Outcome("unjudged")
    assert outcome(geochat, "published", entry("نهر", "بحر"), True) == Outcome("scored", True)


def test_failed_rows_leave_the_published_denominator_and_stay_in_the_clean_one():
    rows = [Outcome("scored", True), Outcome("scored"), Outcome("failed"), Outcome("withheld"), Outcome("stopped")]
    assert counted(rows, "published") == (1, 3) and counted(rows, "clean") == (1, 4)
    assert tally(rows) == {"failed": 1, "scored": 2, "stopped": 1, "withheld": 1}
    assert set_score(SETS["gqa"], [Outcome("failed")], "published") is None


def test_a_domain_has_the_mean_of_its_sets_and_the_mean_of_its_rows():
    right = {"khatt": (1, 10), "ocrisi": (2, 2), "gqa": (1, 2)}
    scores = {}
    for name, (passed, n) in right.items():
        score = set_score(SETS[name], [Outcome("scored", i < passed) for i in range(n)], "published")
        assert score is not None
        scores[name] = score
    found = {score.name: score for score in table(scores, SETS, "published")}
    assert list(found) == ["total", "total micro", "vqa", "vqa micro", "ocr", "ocr micro"]
    assert found["ocr"].value == pytest.approx(55) and found["ocr micro"].value == pytest.approx(25)
    assert found["total"].value == pytest.approx((50 + 55) / 2)
    assert found["total micro"].value == pytest.approx((50 + 25) / 2)
    assert found["ocr micro"].n == 12 and "left out" in found["ocr"].metric
    assert table({}, SETS, "clean") == []
