"""What a step cost: the endpoint's tokens or the accelerators' time, never both, nothing where no price is stated."""

import json

import pytest

from factory.graph.run import attempt, bill
from factory.profile import Profile
from factory.store import Usage


def billed(profile: Profile, *seconds: float, model: bool = True, dollars: float | None = None) -> Usage:
    found = Usage(dollars=dollars)
    bill(found, [json.loads(json.dumps(attempt(profile, s, model=model))) for s in seconds])
    return found


def test_without_a_price_there_is_no_cost_but_there_are_seconds() -> None:
    usage = billed(Profile(), 3.0, 4.5)
    assert usage.dollars is None
    assert usage.seconds == 7.5


def test_accelerators_cost_their_time_over_all_attempts() -> None:
    assert billed(Profile(gpu_hour=2.5, devices=4), 1800, 1800).dollars == pytest.approx(10.0)
    assert billed(Profile(gpu_hour=2.5), 3600, model=False).dollars == 0


def test_an_endpoint_costs_its_tokens_and_its_time_is_free() -> None:
    own = {"base_url": "http://own/v1", "completion_price": 4}
    profile = Profile.model_validate(
        {
            "gpu_hour": 2.5,
            "prompt_price": 0.5,
            "completion_price": 1.5,
            "endpoints": {"own": own, "other": {"base_url": "http://other/v1"}},
        }
    )
    assert profile.endpoint("own").dollars(2_000_000, 1_000_000) == pytest.approx(4.0)
    other = profile.endpoint("other").dollars(2_000_000, 1_000_000)
    assert other == pytest.approx(2.5)
    assert billed(profile, 3600, dollars=other).dollars == pytest.approx(2.5)
    assert billed(profile, 3600).dollars == pytest.approx(2.5)  # training asks no endpoint: the hour


def test_attempts_keep_the_price_they_ran_under() -> None:
    entries = [
        attempt(Profile(), 3600, model=True),
        attempt(Profile(gpu_hour=2), 3600, model=True),
        attempt(Profile(gpu_hour=4), 3600, model=True),
    ]
    usage = Usage()
    bill(usage, entries)
    assert (usage.seconds, usage.dollars) == (10800, 6)


def test_sums_keep_apart_what_has_no_price() -> None:
    total = Usage()
    total.add(Usage(seconds=1))
    assert total.dollars is None
    total.add(Usage(seconds=2, requests=1, dollars=0.25))
    assert (total.seconds, total.requests, total.dollars) == (3, 1, 0.25)
