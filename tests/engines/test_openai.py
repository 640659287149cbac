from __future__ import annotations

import asyncio
import random
import time
from email.utils import formatdate

import pytest

from factory.engines import Request
from factory.engines.openai import OpenAIEngine, stated_model
from factory.engines.pressure import BASE_WAIT, Pressure, backoff, retry_after
from factory.errors import FactoryError, UsageError
from factory.profile import Endpoint, Profile
from factory.waiting import waits
from tests.dripping import HEAD, dripping
from tests.engines.moody_server import MoodyServer


def engine_of(server, **settings):
    return OpenAIEngine("m", Endpoint.model_validate({"base_url": server.url, "max_wait": 0.05, **settings}))


def ask(server, requests, **settings):
    """Completions by index, each seen exactly once, and the batches they came in."""
    with engine_of(server, **settings) as engine:
        batches = list(engine.generate(requests))
    pairs = [pair for batch in batches for pair in batch]
    assert sorted(i for i, _ in pairs) == list(range(len(requests)))
    return dict(pairs), batches


def chats(count):
    return [Request.chat(f"text {i}", max_new_tokens=64) for i in range(count)]


def overloaded(headers=None):
    return 429, headers or {}, {"error": {"message": "slow down"}}


def test_chat_and_plain_prompts():
    requests = [
        Request.chat("abc", system="be brief", max_new_tokens=2),
        Request(9, prompt="plain"),
    ]
    with MoodyServer() as server:
        found, _ = ask(server, requests, body={"seed": 1})
    assert (found[0].text, found[0].finish_reason, found[0].completion_tokens) == ("cb", "length", 2)
    assert (found[1].text, found[1].finish_reason, found[1].prompt_tokens) == ("nialp", "stop", 5)
    chat = next(body for body in server.bodies if "messages" in body)
    assert chat["messages"][0] == {"role": "system", "content": "be brief"}
    assert chat["temperature"] == 0 and chat["seed"] == 1 and chat["model"] == "m"


def test_an_alias_states_the_model_behind_it():
    with MoodyServer(states="m-2026-11-01") as server:
        assert stated_model("m", Endpoint(base_url=server.url)) == "m-2026-11-01"
        with engine_of(server) as engine:
            assert engine.served() == ["only"]
    with MoodyServer(states=None) as server:  # not every server says
        assert stated_model("m", Endpoint(base_url=server.url)) == "m"


def test_another_model_ends_the_work_by_name():
    """Within a run, and where the run begins with what the first answer stated."""
    with MoodyServer(states="m-1") as server, engine_of(server, concurrency=1) as engine:
        for _ in engine.generate(chats(3)):
            pass
        server.states = "m-2"
        with pytest.raises(FactoryError, match=r"m answers as m-2, and the work began with m-1.*factory lock"):
            list(engine.generate(chats(3)))
        with OpenAIEngine("m", engine.settings, "m-2") as resumed:
            assert sum(len(batch) for batch in resumed.generate(chats(3))) == 3


def test_connections_are_kept_for_the_next_request():
    with MoodyServer(delay=0.002) as server:
        ask(server, chats(120), concurrency=8)
    assert server.most_in_flight <= 8 and server.connections <= 8


def test_trouble_of_every_kind_costs_no_row():
    """Two of three first tries fail: refused, broken inside, dropped, no JSON."""
    kinds = [overloaded(), (500, {}, b"oops"), "drop", (200, {}, b"<html>"), (503, {}, {}), None]

    def mood(server, prompt, before):
        return kinds[int(prompt.split()[1]) % len(kinds)] if before == 0 else None

    with MoodyServer(mood) as server:
        found, batches = ask(server, chats(120))
    assert all(found[i].text == f"text {i}"[::-1] for i in range(120))
    assert set(server.answered.values()) == {1} and len(server.answered) == 120
    assert len(batches) >= 2


def test_a_refused_request_fails_alone():
    def mood(server, prompt, before):
        return (400, {}, {"error": {"message": "prompt is\ntoo long"}}) if prompt == "text 3" else None

    with MoodyServer(mood) as server:
        found, _ = ask(server, chats(6))
    assert (found[3].finish_reason, found[3].text, found[3].detail) == ("error", "", "400: prompt is too long")
    assert server.asked["text 3"] == 1
    assert [found[i].finish_reason for i in (0, 1, 2, 4, 5)] == ["stop"] * 5


def test_a_request_that_always_breaks_the_server_fails_alone():
    def mood(server, prompt, before):
        if prompt == "text 0":
            return 500, {}, {"error": "boom"}
        return None

    with MoodyServer(mood, delay=0.02) as server:
        found, _ = ask(server, chats(40), retries=2, concurrency=2)
    assert found[0].finish_reason == "error" and "given up after 3 tries, the last: 500: boom" in found[0].detail
    assert sum(completion.finish_reason == "stop" for completion in found.values()) == 39


def test_an_answer_stopped_by_the_provider_fails_alone():
    body = {"choices": [{"finish_reason": "content_filter", "message": {"content": None}}]}
    with MoodyServer(lambda *_: (200, {}, body)) as server:
        found, _ = ask(server, chats(1))
    assert found[0].finish_reason == "error" and "content_filter" in found[0].detail


def test_retry_after_holds_all_requests():
    def mood(server, prompt, before):
        return overloaded({"Retry-After": "1"}) if prompt == "text 0" and before == 0 else None

    with MoodyServer(mood) as server:
        ask(server, chats(12), concurrency=1)
    waits = [after - before for before, after in zip(server.times, server.times[1:], strict=False)]
    assert waits[0] >= 0.99 and max(waits[1:]) < 0.9  # the pause came right after the refusal, for whichever was next


def test_a_server_that_stays_away_stops_the_run_with_one_line():
    with MoodyServer(lambda *_: (502, {}, b"bad gateway")) as server, pytest.raises(FactoryError) as caught:
        ask(server, chats(20), retries=2)
    assert "no answer after 3 tries, the last: 502: bad gateway" in str(caught.value)
    assert server.url in str(caught.value)


def test_no_server_at_all():
    with MoodyServer() as server:
        pass
    with pytest.raises(FactoryError, match="ConnectError"):
        ask(server, chats(2), retries=1)


def test_what_came_before_a_fatal_answer_is_handed_on():
    def mood(server, prompt, before):
        return (404, {}, {"error": {"message": "no such model"}}) if server.asked.total() > 30 else None

    got = []
    refused = pytest.raises(FactoryError, match=r"refused with 404: no such model.*check base_url")
    with MoodyServer(mood) as server, engine_of(server, concurrency=2) as engine, refused:
        for batch in engine.generate(chats(100)):
            got += batch
    assert len(got) >= 25


def test_the_key_is_sent_and_never_shown(monkeypatch, caplog):
    monkeypatch.setenv("TEST_KEY", "sk-secret")
    caplog.set_level("DEBUG")
    with MoodyServer() as server:
        ask(server, chats(1), api_key_env="TEST_KEY")
        assert server.headers[0]["authorization"] == "Bearer sk-secret"
        server.mood = lambda *_: (401, {}, {"error": {"message": "bad key sk-secret"}})
        with pytest.raises(FactoryError) as caught:
            ask(server, chats(1), api_key_env="TEST_KEY")
    assert "$TEST_KEY" in str(caught.value)
    assert "sk-secret" not in str(caught.value) + repr(caught.value) + caplog.text


def test_settings_that_cannot_work(monkeypatch):
    monkeypatch.delenv("NO_KEY", raising=False)
    with pytest.raises(UsageError, match=r"\$NO_KEY is empty"), MoodyServer() as server:
        engine_of(server, api_key_env="NO_KEY")
    with pytest.raises(UsageError, match=r"no endpoint 'jugde'; did you mean 'judge'"):
        Profile.model_validate({"endpoints": {"judge": {"base_url": "http://x/v1"}}}).endpoint("jugde")


def test_slow_requests_are_sent_again():
    def mood(server, prompt, before):
        if before == 0:
            time.sleep(0.6)

    with MoodyServer(mood) as server:
        found, _ = ask(server, chats(4), timeout=0.3)
    assert all(completion.finish_reason == "stop" for completion in found.values())
    assert set(server.asked.values()) == {2}


def test_leaving_early_stops_the_requests():
    with MoodyServer(delay=0.02) as server, engine_of(server, concurrency=4) as engine:
        for _ in engine.generate(chats(2000)):
            break
        time.sleep(0.1)  # what was under way arrives
        asked = server.asked.total()
        time.sleep(0.2)
        assert server.asked.total() == asked < 2000


def test_concurrency_rises_and_never_passes_the_limit():
    with MoodyServer(delay=0.1) as server:
        ask(server, chats(300), concurrency=24)
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


def test_tokens_are_counted_without_a_tokenizer():
    with MoodyServer() as server, engine_of(server) as engine:
        assert engine.count_tokens(["", "abc", "abcd", "بيت"]) == [0, 1, 2, 2]


def says(**choice):
    """An answer with one choice; `model` as given."""
    return {"model": choice.pop("model", "m"), "choices": [{"finish_reason": "stop", **choice}]}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (says(message={"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}), "ab"),
        (says(message={"content": [{"type": "reasoning", "summary": []}, {"type": "text", "text": "b"}]}), "b"),
        (says(message={"content": None, "refusal": "no"}), ""),
        (says(message={"content": "a"}, model=None), "a"),
        (says(message={"content": "a"}) | {"usage": {"prompt_tokens": "7", "completion_tokens": 1.0}}, "a"),
        (says(message={"content": "a"}) | {"usage": []}, "a"),
    ],
)
def test_answers_as_servers_write_them(body, text):
    with MoodyServer(lambda *_: (200, {}, body)) as server:
        found, _ = ask(server, chats(2))
    assert {(done.text, done.finish_reason) for done in found.values()} == {(text, "stop")}
    assert all(isinstance(count, int) for done in found.values() for count in (done.prompt_tokens,))


@pytest.mark.parametrize("choice", [None, "yes", {"message": "yes"}, {"message": {"content": 5}}, {"message": [1]}])
def test_an_answer_in_another_form_fails_alone(choice):
    with MoodyServer(lambda *_: (200, {}, {"model": "m", "choices": [choice]})) as server:
        found, _ = ask(server, chats(1))
    assert found[0].finish_reason == "error" and "not of OpenAI's protocol" in found[0].detail


def test_an_error_with_status_200_is_tried_again_and_said():
    def mood(server, prompt, before):
        return (200, {}, {"error": {"message": "overloaded", "code": 503}}) if before < 2 else None

    with MoodyServer(mood) as server:
        assert ask(server, chats(1))[0][0].finish_reason == "stop"
    said = pytest.raises(FactoryError, match="the last: 200: no such model")
    with MoodyServer(lambda *_: (200, {}, {"error": "no such model"})) as server, said:
        ask(server, chats(1), retries=1)


def test_an_answer_that_names_no_model_is_no_other_model():
    def mood(server, prompt, before):
        return 200, {}, says(message={"content": "a"}, model="m-1" if len(server.bodies) < 2 else None)

    with MoodyServer(mood) as server:
        assert len(ask(server, chats(4), concurrency=1)[0]) == 4


@pytest.mark.parametrize("key", ["model", "messages", "stream", "n", "max_tokens"])
def test_a_profile_cannot_say_what_is_asked(key):
    with pytest.raises(ValueError, match=f"{key} cannot be set here"):
        Endpoint.model_validate({"base_url": "http://a/v1", "body": {key: 1}})


@pytest.mark.parametrize(("first", "drop"), [(HEAD, b" "), (b"HTTP/1.1 200 OK\r\nX-A: ", b"a")])
def test_a_server_that_sends_a_byte_now_and_then_has_no_more_time_than_another(first, drop):
    with dripping(first, drop) as address:
        engine = OpenAIEngine("m", Endpoint(base_url=address, timeout=0.3, retries=1, max_wait=0.01))
        with (
            engine,
            pytest.raises(FactoryError, match=r"after 2 tries, the last: ReadTimeout: no whole answer in 0\.3"),
        ):
            list(engine.generate(chats(3)))


def test_what_holds_a_request_up_is_known_while_it_does():
    seen = []

    def mood(server, prompt, before):
        seen.append(dict(waits()))
        return overloaded() if before == 0 else None

    with MoodyServer(mood) as server:
        ask(server, chats(1))
    assert [list(found) for found in seen] == [[], [f"{server.url}: 429: slow down"]]
    assert waits() == {}
