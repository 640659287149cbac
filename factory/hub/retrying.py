"""A web client that asks again where the Hub's answer is one of a moment: too busy, out of order, cut off, no JSON.

huggingface_hub asks again for some of its calls, with waits of any length; a commit, a new repo or a collection fails
at the first 503. All its calls go through one `httpx.Client`, so that the rule can stand here once.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from factory.hub.addresses import endpoint

ATTEMPTS = 6
FIRST_WAIT, LONGEST_WAIT = 1.0, 16.0  # seconds; doubled each time
LONGEST_ASKED_FOR = 300.0  # the Hub counts requests in windows of five minutes (hub docs, "Hub Rate limits")
BUSY = frozenset({429, 503})  # refused before anything was done
OUT_OF_ORDER = frozenset({408, 500, 502, 504, *BUSY})
NEVER_TWICE = re.compile(r"/api/(jobs|scheduled-jobs)/")  # a second POST would start, and bill, a second job
JSON_PATH = re.compile(r"^/api/|/info/lfs/objects/batch$")
RESET = re.compile(r"\bt=(\d+)")  # of the header RateLimit: seconds until the window ends


class RetryingClient(httpx.Client):
    """Sends a request up to `ATTEMPTS` times while its answer is a passing one; each wait is told on stderr.

    What is asked again must mean the same twice: commits name their parent, and what exists is not made again. A job
    is started again only where the Hub was too busy to begin, and a body that can be read once (a file) is left to
    the caller, who can rewind it.
    """

    def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        left = ATTEMPTS if isinstance(request.stream, httpx.ByteStream) else 1
        once = request.method == "POST" and NEVER_TWICE.search(request.url.path)
        wait = FIRST_WAIT
        while True:
            left -= 1
            response = None
            try:
                response = super().send(request, stream=stream, **options)
                trouble = _trouble(response, stream)
                again = response.status_code in BUSY or not once
            except httpx.ConnectError as error:  # a network that is down is told soon: one more try, of the Hub
                trouble, again, left = error, request.url.host == urlsplit(endpoint()).hostname, min(left, 1)
            except httpx.TransportError as error:
                trouble, again = error, not once
            asked = _asked_for(response)
            if trouble is None or not again or left <= 0:
                if isinstance(trouble, Exception):
                    raise trouble
                assert response is not None
                return _without_long_waits(response)
            seconds, wait = asked or wait, min(2 * wait, LONGEST_WAIT)
            if response is not None:
                response.close()
            tell(f"{request.url.host}: {_told(trouble)}; asking again in {seconds:.0f} s")
            time.sleep(seconds)


def _trouble(response: httpx.Response, stream: bool) -> str | None:
    """What is wrong with an answer that another moment may bring right; None where it is one to go on with."""
    if response.status_code in OUT_OF_ORDER:
        return f"answered {response.status_code}"
    if stream or not response.is_success or response.request.method == "HEAD":
        return None
    kind = response.headers.get("content-type", "")
    if "json" in kind:
        try:
            json.loads(response.content)
        except ValueError:
            return "answered with half of its JSON" if response.content else "answered with nothing"
    elif kind.startswith("text/html") and JSON_PATH.search(response.url.path):
        return "answered with a page in place of JSON"
    return None


def _asked_for(response: httpx.Response | None) -> float | None:
    """Seconds that an answer asks to wait (RFC 9110 section 10.2.3; the Hub's RateLimit header), within the bound.

    >>> _asked_for(httpx.Response(503, headers={"Retry-After": "7"}))
    7.0
    """
    if response is None or response.status_code not in OUT_OF_ORDER:
        return None
    value = response.headers.get("retry-after", "").strip()
    reset = RESET.search(response.headers.get("ratelimit", ""))
    try:
        if value:
            seconds = float(value) if value.isdecimal() else parsedate_to_datetime(value).timestamp() - time.time()
        else:
            seconds = float(reset[1]) + 1 if reset and response.status_code == 429 else 0.0
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_ASKED_FOR) or None


def _without_long_waits(response: httpx.Response) -> httpx.Response:
    """huggingface_hub would sleep for as long as an answer says, a day if it says so."""
    if seconds := _asked_for(response):
        response.headers["retry-after"] = f"{seconds:.0f}"
        response.headers.pop("ratelimit", None)
    return response


def _told(trouble: str | Exception) -> str:
    return trouble if isinstance(trouble, str) else f"the connection broke ({trouble or type(trouble).__name__})"


def tell(line: str) -> None:
    """Where nobody listens (`heard_by`), a wait is told on stderr."""
    if _listeners:
        _listeners[-1](line)
    else:
        print(line, file=sys.stderr, flush=True)


_listeners: list[Callable[[str], None]] = []


@contextmanager
def heard_by(listener: Callable[[str], None]) -> Iterator[None]:
    """Inside the block waits are told to the listener: a run's progress, which also keeps them in its log."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@cache
def install() -> None:
    """Make huggingface_hub, and what reads through it, use this client in this process."""
    from huggingface_hub import get_session, set_client_factory

    plain = get_session()
    hooks, redirects = plain.event_hooks, plain.follow_redirects
    timeout = httpx.Timeout(600, connect=30)  # theirs never ends; a commit of many files may take minutes
    set_client_factory(lambda: RetryingClient(event_hooks=hooks, follow_redirects=redirects, timeout=timeout))
