"""What a score was made from: kept and read back, and the score recomputed."""

from __future__ import annotations

import numpy as np
import pytest

from factory.evaluate.samples import Part, Samples


def test_samples_are_read_back_as_they_were(tmp_path):
    kept = Samples(
        {
            "a": Part.of_values(["q1", "q2"], [100, 0], ["x", "y"]),
            "b": Part(["t"], np.array([[2.0, 4.0]]), "exp"),
        },
        {"acc": [["a"]], "both": [["a"], ["b"]]},
    )
    kept.write(tmp_path)
    found = Samples.read(tmp_path)
    assert found is not None and found.scores == kept.scores
    for name, part in kept.parts.items():
        assert list(found.parts[name].keys) == part.keys and found.parts[name].form == part.form
        assert found.parts[name].clusters == part.clusters
        assert (found.parts[name].statistics == part.statistics).all()
    assert found.value("acc") == 50 and found.value("both") == pytest.approx((50 + np.exp(0.5)) / 2)


def test_an_evaluation_of_a_release_that_kept_none_has_none(tmp_path):
    assert Samples.read(tmp_path) is None


def test_clusters_are_summed_before_they_are_drawn():
    part = Part.of_values(["1", "2", "3"], [100, 0, 100], ["b", "a", "b"])
    assert part.units(True).tolist() == [[0, 1], [200, 2]]
    assert part.units(False).tolist() == [[100, 1], [0, 1], [100, 1]]
