"""The real Ray on this machine. Slow to start, hence in the slow tests."""

from __future__ import annotations

import os
import signal

import pytest

from factory.engines import Request, engine_for
from factory.errors import FactoryError
from factory.profile import Profile
from tests.support import random_model

pytest.importorskip("ray", reason="needs the extra [ray]")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return random_model(tmp_path_factory.mktemp("m") / "m", ends=25).model


@pytest.fixture(scope="module")
def engine(model):
    with engine_for(model, profile("ray")) as running:
        yield running


def profile(engine):
    return Profile.model_validate(
        {"engine": engine, "device": "cpu", "threads": 1, "batch_size": 8, "ray": {"workers": 2, "cpus": 0.5}}
    )


def requests(count):
    chats = [Request.chat("word " * (i % 7 + 1) + str(i), max_new_tokens=8 + i % 5) for i in range(count)]
    return [*chats, Request(5, prompt="plain")]


def test_equals_transformers(engine, model):
    pairs = [pair for batch in engine.generate(requests(40)) for pair in batch]
    assert sorted(i for i, _ in pairs) == list(range(41))
    with engine_for(model, profile("transformers")) as reference:
        expected = dict(pair for batch in reference.generate(requests(40)) for pair in batch)
    assert dict(pairs) == expected
    assert list(engine.generate([])) == []


def test_a_killed_worker_costs_no_row(engine):
    import ray

    asked = requests(150)
    whole = dict(pair for batch in engine.generate(asked) for pair in batch)
    victim = ray.get(engine._actors[0].pid.remote())
    batches = engine.generate(asked)
    pairs = list(next(batches))
    os.kill(victim, signal.SIGKILL)
    for batch in batches:
        pairs += batch
    assert sorted(i for i, _ in pairs) == list(range(151))
    assert dict(pairs) == whole
    assert ray.get(engine._actors[0].pid.remote()) != victim


def test_an_error_of_the_engine_is_told_as_it_is(tmp_path, engine):
    bare = random_model(tmp_path / "bare", template=None).model
    with engine_for(bare, profile("ray")) as other, pytest.raises(FactoryError, match="no chat template"):
        list(other.generate(requests(3)))


def test_actors_for_which_there_is_no_room_are_not_waited_for_for_ever(model):
    crowded = profile("ray").model_copy(update={"loading": 10.0})
    crowded.ray.workers, crowded.ray.cpus = 2, 10_000
    with pytest.raises(FactoryError, match=r"ray \(2 of 2 actors\) had not loaded"):
        engine_for(model, crowded).__enter__()
