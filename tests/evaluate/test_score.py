"""Intervals and averages, against published numbers, scipy, and simulated repetitions."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.stats import binomtest

from factory.evaluate.proportions import wilson
from factory.evaluate.samples import Part
from factory.evaluate.score import Score, accuracy, bootstrap, mean_of, share

# Table 1 of Hala's report: AlGhafa, ArabicMMLU, EXAMS, MadinahQA, AraTrust, ArbMMLU-HT, and the average it states.
TABLE = """
33.9 26.5 21.2 25.7 37.1 23.9 28.0
53.1 49.2 35.2 45.5 68.9 37.4 48.2
48.4 43.5 31.8 38.2 70.8 35.9 44.8
51.4 40.0 31.3 31.5 47.5 33.5 39.2
56.8 49.7 38.2 40.0 75.6 43.9 50.7
32.7 26.7 23.8 26.0 31.5 23.6 27.4
59.7 45.6 33.1 38.8 73.3 35.8 47.7
34.1 30.1 23.6 20.1 31.2 23.4 27.1
39.0 35.2 30.9 28.3 43.3 29.1 34.3
51.4 41.2 36.9 34.5 52.1 35.4 41.9
50.1 38.3 34.3 32.5 56.3 37.2 41.4
55.5 45.9 40.6 34.7 65.2 39.4 46.9
53.8 45.2 35.0 34.7 65.6 43.4 46.3
59.2 48.6 43.4 41.6 71.7 44.2 51.4
74.8 59.3 65.0 63.8 80.5 50.1 65.6
75.1 66.3 51.8 54.9 81.9 55.1 64.2
70.8 64.9 52.1 54.4 87.5 53.4 63.9
75.2 66.3 52.7 55.0 80.8 55.2 64.2
69.5 64.9 51.6 54.2 86.9 52.8 63.3
73.2 60.0 47.3 59.5 82.8 51.3 62.4
74.8 65.0 52.5 52.2 83.4 61.5 64.9
76.4 65.8 52.7 73.3 88.3 58.6 69.2
78.3 65.6 53.8 70.4 89.6 61.4 69.9
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_mean_of_six_gives_the_reports_averages(row):
    *cells, stated = map(float, row.split())
    found = mean_of("average", [Score(name=str(i), value=v, metric="acc", n=1) for i, v in enumerate(cells)])
    assert found.value == pytest.approx(stated, abs=0.05 + 1e-9)


@pytest.mark.parametrize(("correct", "n"), [(0, 7), (1, 7), (30, 100), (7, 7), (499, 1000)])
def test_wilson_is_scipys(correct, n):
    expected = binomtest(correct, n).proportion_ci(method="wilson")
    assert wilson(correct, n) == pytest.approx((expected.low, expected.high), abs=1e-12)
    score = accuracy("acc", correct, n)
    assert score.low <= score.value <= score.high


def test_interval_of_a_mean_covers_the_truth_about_95_times_in_100():
    rng = random.Random(0)
    truths, sizes, covered, rounds = [0.3, 0.6, 0.95], [40, 120, 60], 0, 600
    for _ in range(rounds):
        parts = [
            accuracy(str(i), sum(rng.random() < p for _ in range(n)), n)
            for i, (p, n) in enumerate(zip(truths, sizes, strict=True))
        ]
        mean = mean_of("mean", parts)
        covered += mean.low <= 100 * sum(truths) / 3 <= mean.high
    assert 0.92 < covered / rounds < 0.98


def test_mean_of_one_is_that_one():
    part = accuracy("only", 8, 10)
    mean = mean_of("acc", [part])
    assert (mean.value, mean.low, mean.high, mean.stderr) == pytest.approx(
        (part.value, part.low, part.high, part.stderr)
    )


def test_bootstrap_of_a_mean_agrees_with_theory_and_repeats():
    values = np.random.default_rng(1).normal(50, 10, 400)
    part = Part.of_values([str(i) for i in range(400)], values.tolist())
    first, second = (bootstrap("mean", part, metric="mean") for _ in range(2))
    assert first == second and first.value == pytest.approx(values.mean())
    assert first.stderr == pytest.approx(values.std(ddof=1) / 20, rel=0.1)
    assert (first.high - first.low) / 2 == pytest.approx(1.96 * first.stderr, rel=0.1)


def test_answers_on_the_same_documents_tell_less():
    """20 documents of 25 questions, each all right or all wrong: an error as of 20 answers, not of 500."""
    values = np.repeat(100.0 * (np.random.default_rng(2).random(20) < 0.6), 25).tolist()
    names = [str(i) for i in range(500)]
    alone = share("acc", Part.of_values(names, values))
    whole = share("acc", Part.of_values(names, values, [str(i // 25) for i in range(500)]))
    assert alone == accuracy("acc", sum(values) / 100, 500)
    assert whole.value == alone.value and whole.stderr == pytest.approx(5 * alone.stderr, rel=0.1)
    assert whole.low < alone.low < alone.high < whole.high
