from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from factory.rows.sampling import draw
from factory.steps.sample import Sample
from tests.support import dataset, kept, rejected, run_step

ROWS = [{"i": i} for i in range(100)]


def test_n_rows_in_their_order(tmp_path):
    job = run_step(Sample(n=30), dataset(tmp_path / "in", ROWS, shard_rows=17), tmp_path / "out")
    found = [row["i"] for row in kept(job)]
    assert len(found) == 30 and found == sorted(set(found)) and found != list(range(30))
    assert job.rows.reasons == {"sample: not drawn": 70} and rejected(job) == []


def test_seeds_and_fractions(tmp_path):
    source = dataset(tmp_path / "in", ROWS, shard_rows=17)
    draws = [
        kept(run_step(Sample(fraction=0.25, seed=s), source, tmp_path / f"o{i}")) for i, s in enumerate((0, 0, 1))
    ]
    assert draws[0] == draws[1] != draws[2] and len(draws[0]) == 25


def test_more_than_there_are(tmp_path):
    job = run_step(Sample(n=500), dataset(tmp_path / "in", ROWS), tmp_path / "out")
    assert job.rows.kept == 100 and job.notes == ["500 rows were asked for, there are 100"]


@given(sizes=st.lists(st.integers(0, 40), max_size=8), count=st.integers(0, 200), seed=st.integers(0, 5))
def test_draws_are_exact(sizes, count, seed):
    drawn = list(draw(sizes, count, seed))
    assert sum(map(len, drawn)) == min(count, sum(sizes))
    for size, rows in zip(sizes, drawn, strict=True):
        assert len(set(rows.tolist())) == len(rows) and all(0 <= row < size for row in rows)


def test_draws_are_uniform():
    """Every row of unequal shards is drawn about equally often: 3 of 12 in 4,000 draws, 6 standard deviations."""
    counts = Counter()
    for seed in range(4000):
        start = 0
        for size, rows in zip([1, 8, 3], draw([1, 8, 3], 3, seed), strict=True):
            counts.update(start + int(row) for row in rows)
            start += size
    assert len(counts) == 12 and all(abs(count - 1000) < 6 * (4000 * 0.25 * 0.75) ** 0.5 for count in counts.values())


@pytest.mark.parametrize("wrong", [{}, {"n": 1, "fraction": 0.5}, {"n": 0}, {"fraction": 1.5}])
def test_wrong_parameters(wrong):
    with pytest.raises(ValidationError):
        Sample.model_validate(wrong)
