from __future__ import annotations

import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.mix import Mix
from tests.support import dataset, kept, run_step


@pytest.fixture
def ab(tmp_path):
    a = dataset(tmp_path / "a", [{"id": f"a{i}", "n": i} for i in range(60)], shard_rows=25)
    b = dataset(tmp_path / "b", [{"n": i, "id": f"b{i}"} for i in range(20)], shard_rows=25)
    return {"a": a, "b": b}


def mix(**parameters):
    return Mix.model_validate({"datasets": ["a", "b"], **parameters})


def ids(job):
    return [row["id"] for row in kept(job)]


ALL = [f"a{i}" for i in range(60)] + [f"b{i}" for i in range(20)]


def test_every_row_once_in_a_new_order(tmp_path, ab, monkeypatch):
    monkeypatch.setattr("factory.steps.mix.SHARD_ROWS", 16)
    monkeypatch.setattr("factory.rows.sampling.BUFFER_BYTES", 500)
    job = run_step(mix(), None, tmp_path / "out", **ab)
    assert sorted(ids(job)) == sorted(ALL) and ids(job) != ALL
    assert len(list((job.out / "data").iterdir())) == 5 and not (job.out / "shuffle").exists()
    assert ids(run_step(mix(), None, tmp_path / "again", **ab)) == ids(job)
    assert ids(run_step(mix(seed=1), None, tmp_path / "other", **ab)) != ids(job)
    assert job.rows.rows_in == job.rows.kept == 80


def test_without_shuffle_one_after_another(tmp_path, ab):
    job = run_step(mix(shuffle=False, source_column="from"), None, tmp_path / "out", **ab)
    assert ids(job) == ALL
    assert {row["id"][0]: row["from"] for row in kept(job)} == {"a": "a", "b": "b"}


@pytest.mark.parametrize(("weights", "taken"), [([1, 1], (20, 20)), ([0.75, 0.25], (60, 20)), ([9, 1], (60, 7))])
def test_weights_are_shares_without_repetition(tmp_path, ab, weights, taken):
    job = run_step(mix(weights=weights), None, tmp_path / "out", **ab)
    found = ids(job)
    assert (sum(i[0] == "a" for i in found), sum(i[0] == "b" for i in found)) == taken
    assert len(set(found)) == len(found)
    assert job.rows.rejected == 80 - sum(taken) and job.metrics["mix"] == dict(zip("ab", taken, strict=True))


def test_different_columns(tmp_path, ab):
    ab["b"] = dataset(tmp_path / "b2", [{"id": "b", "score": 1.0}])
    with pytest.raises(FactoryError, match="a and b do not have the same columns: n, score"):
        run_step(mix(), None, tmp_path / "out", **ab)
    job = run_step(mix(unshared="drop"), None, tmp_path / "common", **ab)
    assert set(kept(job)[0]) == {"id"} and job.rows.kept == 61


def test_different_types(tmp_path, ab):
    ab["b"] = dataset(tmp_path / "b2", [{"id": "b", "n": "one"}])
    with pytest.raises(FactoryError, match="column 'n' is int64 in a, string in b"):
        run_step(mix(), None, tmp_path / "out", **ab)


def test_resumes_between_the_passes(tmp_path, ab, monkeypatch):
    monkeypatch.setattr("factory.steps.mix.SHARD_ROWS", 16)
    whole = run_step(mix(), None, tmp_path / "whole", **ab)
    from factory.store import Ledger

    append = Ledger.append
    for stop in ("scattered", 0, 3):
        out = tmp_path / f"torn-{stop}"

        def killed(self, entry, stop=stop):
            if entry["unit"] == stop:
                raise KeyboardInterrupt
            append(self, entry)

        monkeypatch.setattr(Ledger, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            run_step(mix(), None, out, **ab)
        monkeypatch.setattr(Ledger, "append", append)
        assert ids(run_step(mix(), None, out, **ab)) == ids(whole)


@pytest.mark.parametrize("wrong", [{"datasets": []}, {"datasets": ["a", "a"]}, {"weights": [1]}, {"weights": [1, 0]}])
def test_wrong_parameters(wrong):
    with pytest.raises(ValidationError):
        mix(**wrong)


def test_names_are_identity_only_where_they_are_content():
    assert mix().parameters() == Mix.model_validate({"datasets": ["x", "y"]}).parameters()
    assert mix(source_column="s").parameters()["datasets"] == ["a", "b"]
