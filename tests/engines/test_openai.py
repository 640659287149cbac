from __future__ import annotations

import asyncio
import random
import time
from email.utils import formatdate

import pytest

from factory.engines import Request, engine_for
from factory.engines.pressure import BASE_WAIT, Pressure, backoff, retry_after
from factory.errors import FactoryError, UsageError
from factory.profile import Profile
from tests.engines.moody_server import MoodyServer


def profile(server, **settings):
    endpoint = {"base_url": server.url, "model": "m", "max_wait": 0.05, **settings}
    return Profile.model_validate({"engine": "openai", "openai": endpoint})


def ask(server, requests, folder, **settings):
    """Completions by index, each seen exactly once, and the batches they came in."""
    with engine_for(folder, profile(server, **settings)) as engine:
        batches = list(engine.generate(requests))
    pairs = [pair for batch in batches for pair in batch]
    assert sorted(i for i, _ in pairs) == list(range(len(requests)))
    return dict(pairs), batches


def chats(count):
    return [Request.chat(f"text {i}", max_new_tokens=64) for i in range(count)]


def overloaded(headers=None):
    return 429, headers or {}, {"error": {"message": "slow down"}}


def test_chat_and_plain_prompts(tmp_path):
    requests = [
        Request.chat("abc", system="be brief", max_new_tokens=2),
        Request(9, prompt="plain"),
    ]
    with MoodyServer() as server:
        found, _ = ask(server, requests, tmp_path, body={"seed": 1})
    assert (found[0].text, found[0].finish_reason, found[0].completion_tokens) == ("cb", "length", 2)
    assert (found[1].text, found[1].finish_reason, found[1].prompt_tokens) == ("nialp", "stop", 5)
    chat = next(body for body in server.bodies if "messages" in body)
    assert chat["messages"][0] == {"role": "system", "content": "be brief"}
    assert chat["temperature"] == 0 and chat["seed"] == 1 and chat["model"] == "m"


def test_the_only_model_is_found(tmp_path):
    with MoodyServer() as server:
        ask(server, chats(1), tmp_path, model=None)
    assert server.bodies[0]["model"] == "only"


def test_connections_are_kept_for_the_next_request(tmp_path):
    with MoodyServer(delay=0.002) as server:
        ask(server, chats(120), tmp_path, concurrency=8)
    assert server.most_in_flight <= 8 and server.connections <= 8


def test_trouble_of_every_kind_costs_no_row(tmp_path):
    """Two of three first tries fail: refused, broken inside, dropped, no JSON."""
    kinds = [overloaded(), (500, {}, b"oops"), "drop", (200, {}, b"<html>"), (503, {}, {}), None]

    def mood(server, prompt, before):
        return kinds[int(prompt.split()[1]) % len(kinds)] if before == 0 else None

    with MoodyServer(mood) as server:
        found, batches = ask(server, chats(120), tmp_path)
    assert all(found[i].text == f"text {i}"[::-1] for i in range(120))
    assert set(server.answered.values()) == {1} and len(server.answered) == 120
    assert len(batches) >= 2


def test_a_refused_request_fails_alone(tmp_path):
    def mood(server, prompt, before):
        return (400, {}, {"error": {"message": "prompt is\ntoo long"}}) if prompt == "text 3" else None

    with MoodyServer(mood) as server:
        found, _ = ask(server, chats(6), tmp_path)
    assert (found[3].finish_reason, found[3].text, found[3].detail) == ("error", "", "400: prompt is too long")
    assert server.asked["text 3"] == 1
    assert [found[i].finish_reason for i in (0, 1, 2, 4, 5)] == ["stop"] * 5


def test_a_request_that_always_breaks_the_server_fails_alone(tmp_path):
    def mood(server, prompt, before):
        if prompt == "text 0":
            return 500, {}, {"error": "boom"}
        return None

    with MoodyServer(mood, delay=0.02) as server:
        found, _ = ask(server, chats(40), tmp_path, retries=2, concurrency=2)
    assert found[0].finish_reason == "error" and "given up after 3 tries, the last: 500: boom" in found[0].detail
    assert sum(completion.finish_reason == "stop" for completion in found.values()) == 39


def test_an_answer_stopped_by_the_provider_fails_alone(tmp_path):
    body = {"choices": [{"finish_reason": "content_filter", "message": {"content": None}}]}
    with MoodyServer(lambda *_: (200, {}, body)) as server:
        found, _ = ask(server, chats(1), tmp_path)
    assert found[0].finish_reason == "error" and "content_filter" in found[0].detail


def test_retry_after_holds_all_requests(tmp_path):
    def mood(server, prompt, before):
        return overloaded({"Retry-After": "1"}) if prompt == "text 0" and before == 0 else None

    with MoodyServer(mood) as server:
        ask(server, chats(12), tmp_path, concurrency=1)
    waits = [after - before for before, after in zip(server.times, server.times[1:], strict=False)]
    assert waits[0] >= 0.99 and max(waits[1:]) < 0.9  # the pause came right after the refusal, for whichever was next


def test_a_server_that_stays_away_stops_the_run_with_one_line(tmp_path):
    with MoodyServer(lambda *_: (502, {}, b"bad gateway")) as server, pytest.raises(FactoryError) as caught:
        ask(server, chats(20), tmp_path, retries=2)
    assert "no answer after 3 tries, the last: 502: bad gateway" in str(caught.value)
    assert server.url in str(caught.value)


def test_no_server_at_all(tmp_path):
    with MoodyServer() as server:
        pass
    with pytest.raises(FactoryError, match="ConnectError"):
        ask(server, chats(2), tmp_path, retries=1)


def test_what_came_before_a_fatal_answer_is_handed_on(tmp_path):
    def mood(server, prompt, before):
        return (404, {}, {"error": {"message": "no such model"}}) if server.asked.total() > 30 else None

    got = []
    refused = pytest.raises(FactoryError, match=r"refused with 404: no such model.*check base_url")
    with MoodyServer(mood) as server, engine_for(tmp_path, profile(server, concurrency=2)) as engine, refused:
        for batch in engine.generate(chats(100)):
            got += batch
    assert len(got) >= 25


def test_the_key_is_sent_and_never_shown(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("TEST_KEY", "sk-secret")
    caplog.set_level("DEBUG")
    with MoodyServer() as server:
        ask(server, chats(1), tmp_path, api_key_env="TEST_KEY")
        assert server.headers[0]["authorization"] == "Bearer sk-secret"
        server.mood = lambda *_: (401, {}, {"error": {"message": "bad key sk-secret"}})
        with pytest.raises(FactoryError) as caught:
            ask(server, chats(1), tmp_path, api_key_env="TEST_KEY")
    assert "$TEST_KEY" in str(caught.value)
    assert "sk-secret" not in str(caught.value) + repr(caught.value) + caplog.text


def test_settings_that_cannot_work(tmp_path, monkeypatch):
    monkeypatch.delenv("NO_KEY", raising=False)
    with pytest.raises(UsageError, match=r"\$NO_KEY is empty"), MoodyServer() as server:
        engine_for(tmp_path, profile(server, api_key_env="NO_KEY"))
    with pytest.raises(UsageError, match="needs an address"):
        engine_for(tmp_path, Profile(engine="openai"))


def test_slow_requests_are_sent_again(tmp_path):
    def mood(server, prompt, before):
        if before == 0:
            time.sleep(0.6)

    with MoodyServer(mood) as server:
        found, _ = ask(server, chats(4), tmp_path, timeout=0.3)
    assert all(completion.finish_reason == "stop" for completion in found.values())
    assert set(server.asked.values()) == {2}


def test_leaving_early_stops_the_requests(tmp_path):
    with MoodyServer(delay=0.02) as server, engine_for(tmp_path, profile(server, concurrency=4)) as engine:
        for _ in engine.generate(chats(2000)):
            break
        time.sleep(0.1)  # what was under way arrives
        asked = server.asked.total()
        time.sleep(0.2)
        assert server.asked.total() == asked < 2000


def test_concurrency_rises_and_never_passes_the_limit(tmp_path):
    with MoodyServer(delay=0.02) as server:
        ask(server, chats(300), tmp_path, concurrency=24)
    assert 12 <= server.most_in_flight <= 24


def test_pressure_halves_once_for_requests_sent_together():
    async def course():
        pressure = Pressure(64)
        assert pressure.limit == 8
        for _ in range(8):
            pressure.fine()
        assert pressure.limit == 16  # doubled in one round
        async with pressure.slot() as first, pressure.slot() as second:
            pressure.overload(first)
            pressure.overload(second)
        assert pressure.limit == 8
        for _ in range(8):
            pressure.fine()
        assert 8.9 < pressure.limit < 9.1  # one more in a round
        async with pressure.slot() as later:
            pressure.overload(later)
        assert 4 <= pressure.limit < 5
        for _ in range(20):
            async with pressure.slot() as again:
                pressure.overload(again)
        assert pressure.limit == 1

    asyncio.run(course())


def test_waits():
    chance = random.Random(0)
    for attempt in range(12):
        waits = [backoff(attempt, 60, chance) for _ in range(200)]
        most = min(60, BASE_WAIT * 2**attempt)
        assert 0 <= min(waits) < 0.2 * most and 0.8 * most < max(waits) <= most
    assert retry_after("7") == 7 and retry_after("-3") == 0
    assert retry_after(None) is None and retry_after("soon") is None
    assert 25 < retry_after(formatdate(time.time() + 30, usegmt=True)) <= 30
    assert retry_after(formatdate(time.time() - 30, usegmt=True)) == 0


def test_tokens_are_counted_without_a_tokenizer(tmp_path):
    with MoodyServer() as server, engine_for(tmp_path, profile(server)) as engine:
        assert engine.count_tokens(["", "abc", "abcd", "بيت"]) == [0, 1, 2, 2]
