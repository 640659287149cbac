import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import factory.models.train.mixing as mixing
from factory.models.train.mixing import check_weights, passes, shares, stream


def test_examples_in_the_docstrings():
    assert doctest.testmod(mixing).failed == 0


@settings(max_examples=60, deadline=None)
@given(
    weights=st.lists(st.floats(0.05, 5), min_size=1, max_size=4),
    sizes=st.lists(st.integers(1, 40), min_size=4, max_size=4),
    total=st.integers(1, 200),
    seed=st.integers(0, 9),
)
def test_every_stretch_holds_the_mix(weights: list[float], sizes: list[int], total: int, seed: int) -> None:
    mix = {str(i): weight for i, weight in enumerate(weights)}
    lengths = {name: sizes[i] for i, name in enumerate(mix)}
    numbers = stream(mix, lengths, total, seed)
    assert (numbers == stream(mix, lengths, total, seed)).all()
    edges = np.cumsum([0, *lengths.values()])
    for i, share in enumerate(shares(mix, 0.5).values()):
        own = (numbers >= edges[i]) & (numbers < edges[i + 1])
        seen = np.cumsum(own)
        wanted = share * np.arange(1, total + 1)
        assert np.abs(seen - wanted).max() <= len(mix)
        rows = numbers[own] - edges[i]
        for start in range(0, len(rows), sizes[i]):  # each pass takes every sequence once
            part = rows[start : start + sizes[i]]
            assert len(set(part)) == len(part)


def test_a_schedule_moves_from_one_mix_to_another():
    mix = {"ar": [0.0, 1.0], "en": [1.0, 0.0]}
    numbers = stream(mix, {"ar": 500, "en": 500}, 1000, 0)
    arabic = numbers < 500
    assert [round(float(part.mean()), 1) for part in np.split(arabic, 5)] == [0.1, 0.3, 0.5, 0.7, 0.9]
    assert passes(numbers, {"ar": 500, "en": 500}) == pytest.approx({"ar": 1, "en": 1}, abs=0.01)


def test_passes_differ_in_order():
    numbers = stream({"a": 1.0}, {"a": 50}, 100, 0)
    assert sorted(numbers[:50]) == sorted(numbers[50:]) == list(range(50))
    assert (numbers[:50] != numbers[50:]).any()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"a": -1.0}, "a: a weight cannot be negative"),
        ({"a": [0.5]}, "a: a schedule needs"),
        ({"a": [0, 1], "b": [0, 1]}, "all weights are 0 at 0%"),
    ],
)
def test_wrong_weights(weights, message):
    with pytest.raises(ValueError, match=message):
        check_weights(weights)
