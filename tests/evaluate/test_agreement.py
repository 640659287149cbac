from __future__ import annotations

import pytest

from factory.evaluate.agreement import krippendorff_alpha


def test_two_observers_of_ten_units_as_in_the_paper():
    """Krippendorff 2011, section A: alpha = 0.095."""
    first, second = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert krippendorff_alpha(zip(first, second, strict=True)) == pytest.approx(0.095, abs=5e-4)


def test_four_observers_of_twelve_units_with_gaps_as_in_the_paper():
    """Krippendorff 2011, section C: alpha = 0.743 for nominal data."""
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    units = [[value for value in values if value is not None] for values in zip(*observers, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=5e-4)


@pytest.mark.parametrize("units", [[], [[1]], [[1], [0]], [[1, 1], [1, 1]], [[1, 1], [0]]])
def test_where_nothing_can_be_told(units):
    assert krippendorff_alpha(units) is None


def test_perfect_and_worse_than_chance():
    assert krippendorff_alpha([[1, 1], [0, 0]]) == 1
    assert krippendorff_alpha([[1, 0], [0, 1]]) < 0
