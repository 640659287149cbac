"""The table of reported scores: its means are recomputed, and its columns are the suite's domains."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.evaluate.camel.sets import DOMAINS

PAGE = Path(__file__).parents[3] / "docs" / "camel-bench.md"


def test_reported_means_are_those_of_their_rows_and_one_total_is_a_misprint():
    text = PAGE.read_text("utf-8").partition("## AIN's table")[2]
    header, _, *rows = [
        [cell.strip(" *") for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    assert header == ["model", *DOMAINS, "total, stated", "mean"] and len(rows) == 9
    odd = []
    for model, *cells in rows:
        *values, stated, mean = map(float, cells)
        assert sum(values) / 8 == pytest.approx(mean, abs=0.00501)
        if abs(stated - sum(values) / 8) > 0.00501:
            odd.append(model)
    assert odd == ["Gemini-1.5-Pro"]
