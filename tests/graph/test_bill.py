"""What a step cost: the endpoint's tokens or the accelerators' time, never both, nothing where no price is stated."""

import json

import pytest

from factory.graph.run import attempt, bill
from factory.profile import Profile
from factory.store import Usage


def billed(profile: Profile, *seconds: float, model: bool = True, **usage: int) -> Usage:
    found = Usage(**usage)
    bill(found, [json.loads(json.dumps(attempt(profile, s, model=model))) for s in seconds], profile)
    return found


def test_without_a_price_there_is_no_cost_but_there_are_seconds() -> None:
    usage = billed(Profile(), 3.0, 4.5, requests=2, prompt_tokens=10)
    assert usage.dollars is None
    assert usage.seconds == 7.5


def test_accelerators_cost_their_time_over_all_attempts() -> None:
    assert billed(Profile(gpu_hour=2.5, devices=4), 1800, 1800).dollars == pytest.approx(10.0)
    assert billed(Profile(gpu_hour=2.5), 3600, model=False).dollars == 0


def test_an_endpoint_costs_its_tokens_and_its_time_is_free() -> None:
    profile = Profile(gpu_hour=2.5, prompt_price=0.5, completion_price=1.5)
    usage = billed(profile, 3600, requests=3, prompt_tokens=2_000_000, completion_tokens=1_000_000)
    assert usage.dollars == pytest.approx(2.5)
    assert billed(profile, 3600).dollars == pytest.approx(2.5)  # training asks no endpoint


def test_attempts_keep_the_price_they_ran_under() -> None:
    entries = [
        attempt(Profile(), 3600, model=True),
        attempt(Profile(gpu_hour=2), 3600, model=True),
        attempt(Profile(gpu_hour=4), 3600, model=True),
    ]
    usage = Usage()
    bill(usage, entries, Profile(gpu_hour=4))
    assert (usage.seconds, usage.dollars) == (10800, 6)


def test_sums_keep_apart_what_has_no_price() -> None:
    total = Usage()
    total.add(Usage(seconds=1))
    assert total.dollars is None
    total.add(Usage(seconds=2, requests=1, dollars=0.25))
    assert (total.seconds, total.requests, total.dollars) == (3, 1, 0.25)
