"""The web client that asks again: how often, how long it waits, and what it never sends twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from factory.hub import retrying
from factory.hub.retrying import ATTEMPTS, LONGEST_ASKED_FOR, RetryingClient
from factory.waiting import waits as waited_for
from tests.dripping import HEAD, dripping


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(retrying.time, "sleep", found.append)
    return found


def client(*answers: httpx.Response | Exception) -> tuple[RetryingClient, list[httpx.Request]]:
    left, asked = iter(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        found = next(left)
        if isinstance(found, Exception):
            raise found
        return found

    return RetryingClient(transport=httpx.MockTransport(answer)), asked


def test_a_passing_answer_is_asked_for_again_and_the_wait_is_told(
    waits: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    hub, asked = client(httpx.Response(503), httpx.ReadError("reset"), httpx.Response(200, json={"sha": "a"}))
    assert hub.post("http://hub/api/datasets/a/b/commit/main", content=b"{}").json() == {"sha": "a"}
    assert [request.content for request in asked] == [b"{}"] * 3
    assert waits == [1, 2]
    assert capsys.readouterr().err.splitlines() == [
        "hub: answered 503; asking again in 1 s",
        "hub: the connection broke (reset); asking again in 2 s",
    ]


def test_it_ends(waits: list[float]) -> None:
    hub, asked = client(*[httpx.Response(502) for _ in range(50)])
    assert hub.get("http://hub/api/models").status_code == 502
    assert len(asked) == ATTEMPTS and waits == [1, 2, 4, 8, 16]


@pytest.mark.parametrize(("host", "times"), [("hub", 2), ("statistics.example", 1)])
def test_a_network_that_is_down_is_told_soon(
    waits: list[float], monkeypatch: pytest.MonkeyPatch, host: str, times: int
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub")
    hub, asked = client(*[httpx.ConnectError("refused") for _ in range(50)])
    with pytest.raises(httpx.ConnectError):
        hub.get(f"http://{host}/api/models")
    assert len(asked) == times and waits == [1] * (times - 1)


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"Retry-After": "3"}, [3]),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, [1]),
        ({"Retry-After": "soon"}, [1]),
        ({"RateLimit": '"api";r=0;t=41'}, [42]),
        ({"Retry-After": "86400"}, [LONGEST_ASKED_FOR]),
        ({"Retry-After": "9" * 400}, [LONGEST_ASKED_FOR]),
        ({"RateLimit": '"api";r=0;t=99999'}, [LONGEST_ASKED_FOR]),
    ],
)
def test_what_the_hub_asks_to_wait_is_waited_up_to_a_bound(
    waits: list[float], headers: dict[str, str], waited: list[float]
) -> None:
    hub, _ = client(httpx.Response(429, headers=headers), httpx.Response(200, json={}))
    assert hub.get("http://hub/api/models").is_success
    assert waits == waited


def test_nobody_else_waits_longer_after_it_gave_up(waits: list[float]) -> None:
    hub, _ = client(*[httpx.Response(429, headers={"Retry-After": "86400"}) for _ in range(50)])
    assert hub.get("http://hub/api/models").headers["retry-after"] == "300"


@pytest.mark.parametrize(("status", "times"), [(500, 1), (504, 1), (503, 2), (429, 2)])
def test_a_job_is_started_again_only_where_it_did_not_begin(waits: list[float], status: int, times: int) -> None:
    hub, asked = client(httpx.Response(status), httpx.Response(200, json={}))
    hub.post("http://hub/api/jobs/lab", content=b"{}")
    assert len(asked) == times
    hub, asked = client(httpx.ReadError("reset"), httpx.Response(200, json={}))
    with pytest.raises(httpx.ReadError):
        hub.post("http://hub/api/jobs/lab", content=b"{}")


def test_a_body_that_can_be_read_once_is_left_to_the_caller(waits: list[float]) -> None:
    def body() -> Iterator[bytes]:
        yield b"part"

    hub, asked = client(httpx.Response(503), httpx.Response(200, json={}))
    assert hub.put("http://hub/lfs/upload", content=body()).status_code == 503
    assert len(asked) == 1


@pytest.mark.parametrize(
    "spoiled",
    [
        httpx.Response(200, headers={"Content-Type": "application/json"}, content=b""),
        httpx.Response(200, headers={"Content-Type": "application/json; charset=utf-8"}, content=b'{"a": '),
        httpx.Response(200, headers={"Content-Type": "text/html"}, content=b"<html>"),
    ],
)
def test_an_answer_that_is_no_json_is_asked_for_again(waits: list[float], spoiled: httpx.Response) -> None:
    hub, _ = client(spoiled, httpx.Response(200, json={"a": 1}))
    assert hub.get("http://hub/api/models/a").json() == {"a": 1}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 413])
def test_what_will_not_pass_is_not_asked_for_again(waits: list[float], status: int) -> None:
    hub, asked = client(httpx.Response(status), httpx.Response(200, json={}))
    assert hub.get("http://hub/api/models").status_code == status
    assert len(asked) == 1 and waits == []


def test_pages_and_files_are_what_they_are(waits: list[float]) -> None:
    hub, asked = client(httpx.Response(200, headers={"Content-Type": "text/html"}, content=b"<html>"))
    assert hub.get("http://hub/a/b/resolve/main/index.html").content == b"<html>"
    assert len(asked) == 1


@pytest.mark.parametrize("given", [{}, {"timeout": None}])
@pytest.mark.parametrize(("first", "drop"), [(HEAD, b" "), (b"HTTP/1.1 200 OK\r\nX-A: ", b"a")])
def test_the_time_of_a_request_is_for_all_of_it(given: dict[str, Any], first: bytes, drop: bytes) -> None:
    with dripping(first, drop) as address, RetryingClient(timeout=0.3) as hub:
        with pytest.raises(httpx.ReadTimeout, match=r"no whole answer in 0\.3 s"):
            hub.get(address, **given)
        assert waited_for() == {}


def test_a_file_has_time_as_long_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "SLOW_SECONDS", 0.1)
    with dripping(HEAD, b" " * 100_000) as address, RetryingClient() as hub, hub.stream("GET", address) as answer:
        assert len(answer.read()) == 1_000_000
    slow = pytest.raises(httpx.ReadTimeout, match="bytes in")
    with dripping(HEAD, b" ") as address, RetryingClient() as hub, hub.stream("GET", address) as answer, slow:
        answer.read()


def test_events_come_when_there_is_something_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "SLOW_SECONDS", 0.0)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 5\r\n\r\n"
    with dripping(head, b"a") as address, RetryingClient() as hub, hub.stream("GET", address) as answer:
        assert answer.read() == b"aaaaa"


def test_who_is_in_a_hurry_is_not_made_to_wait(waits: list[float]) -> None:
    hub, asked = client(httpx.Response(503), httpx.Response(200, json={}))
    assert hub.get("http://hub/api/models", timeout=0.8).status_code == 503
    assert len(asked) == 1 and waits == []
