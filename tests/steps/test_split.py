from __future__ import annotations

import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.split import Split
from tests.support import dataset, kept, run_step

ROWS = [{"i": i, "group": i // 2} for i in range(200)]


def split_of(job):
    return {row["i"]: name for name in ("train", "test", "validation") for row in kept(job, name)}


def test_numbers_are_exact(tmp_path):
    source = dataset(tmp_path / "in", ROWS, shard_rows=30)
    job = run_step(Split(test=20, validation=7), source, tmp_path / "out")
    assert job.metrics["splits"] == {"train": 173, "test": 20, "validation": 7}
    assert len(split_of(job)) == 200 and job.rows.kept == 200
    assert not (job.out / "parts").exists()
    assert split_of(run_step(Split(test=20, validation=7, seed=1), source, tmp_path / "o2")) != split_of(job)


def test_shares_do_not_move_when_rows_are_added_or_reordered(tmp_path):
    few = split_of(run_step(Split(test=0.2, validation=0.1), dataset(tmp_path / "a", ROWS[:120]), tmp_path / "o1"))
    many = dataset(tmp_path / "b", ROWS[::-1], shard_rows=30)
    more = split_of(run_step(Split(test=0.2, validation=0.1), many, tmp_path / "o2"))
    assert {i: more[i] for i in few} == few
    assert 20 <= sum(name == "test" for name in more.values()) <= 60


def test_number_and_share(tmp_path):
    job = run_step(Split(test=10, validation=0.5), dataset(tmp_path / "in", ROWS), tmp_path / "out")
    assert job.metrics["splits"]["test"] == 10 and 60 < job.metrics["splits"]["validation"] < 140


def test_groups_stay_together(tmp_path):
    job = run_step(Split(test=0.3, on=["group"]), dataset(tmp_path / "in", ROWS, shard_rows=33), tmp_path / "out")
    where = split_of(job)
    assert all(where[i] == where[i + 1] for i in range(0, 200, 2)) and len(set(where.values())) == 2


def test_a_kill_while_the_pieces_are_joined(tmp_path, monkeypatch):
    source = dataset(tmp_path / "in", ROWS, shard_rows=30)
    whole = split_of(run_step(Split(test=20), source, tmp_path / "whole"))
    for name in ("_join", "shutil.rmtree"):
        with monkeypatch.context() as patch:

            def killed(*args, **kwargs):
                raise KeyboardInterrupt

            patch.setattr(f"factory.steps.split.{name}", killed)
            with pytest.raises(KeyboardInterrupt):
                run_step(Split(test=20), source, tmp_path / name)
        assert split_of(run_step(Split(test=20), source, tmp_path / name)) == whole


def test_too_few(tmp_path):
    with pytest.raises(FactoryError, match="300 rows are wanted, 200"):
        run_step(Split(test=300), dataset(tmp_path / "in", ROWS), tmp_path / "out")


@pytest.mark.parametrize("wrong", [{}, {"test": 0}, {"test": 0.6, "validation": 0.5}, {"test": -1}, {"test": 1.5}])
def test_wrong_parameters(wrong):
    with pytest.raises(ValidationError):
        Split.model_validate(wrong)
