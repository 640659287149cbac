"""A web client that asks again where the Hub's answer is one of a moment: too busy, out of order, cut off, no JSON.

huggingface_hub asks again for some of its calls, with waits of any length; a commit, a new repo or a collection fails
at the first 503. All its calls go through one `httpx.Client`, so that the rule can stand here once.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from factory.hub.addresses import endpoint
from factory.waiting import tell, waiting_for, within

ATTEMPTS = 6
TIMEOUT = 600.0  # seconds
FIRST_WAIT, LONGEST_WAIT = 1.0, 16.0  # seconds; doubled each time
LONGEST_ASKED_FOR = 300.0  # the Hub counts requests in windows of five minutes (hub docs, "Hub Rate limits")
BUSY = frozenset({429, 503})  # refused before anything was done
OUT_OF_ORDER = frozenset({408, 500, 502, 504, *BUSY})
NEVER_TWICE = re.compile(r"/api/(jobs|scheduled-jobs)/")  # a second POST would start, and bill, a second job
JSON_PATH = re.compile(r"^/api/|/info/lfs/objects/batch$")
SLOW_SECONDS, SLOW_BYTES = 60.0, 60_000  # a file that comes slower than this has stopped (assumed)
RESET = re.compile(r"\bt=(\d+)")  # of the header RateLimit: seconds until the window ends


class RetryingClient(httpx.Client):
    """Sends a request up to `ATTEMPTS` times while its answer is a passing one; each wait is told on stderr.

    What is asked again must mean the same twice: commits name their parent, and what exists is not made again. A job
    is started again only where the Hub was too busy to begin, and a body that can be read once (a file) is left to
    the caller, who can rewind it.

    The seconds that a request is given are for all of it, also where a byte comes every second; of a file that is
    streamed, for the answer's head, and then bytes must come. Who gives it less than a wait would take, as a plan
    does, is not made to wait.
    """

    def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        limit = self._seconds_for(request)
        patient = isinstance(request.stream, httpx.ByteStream) and limit >= FIRST_WAIT
        left = ATTEMPTS if patient else 1
        once = request.method == "POST" and NEVER_TWICE.search(request.url.path)
        wait = FIRST_WAIT
        while True:
            left -= 1
            response = None
            try:
                response = self._sent(request, limit, stream, options)
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
            with waiting_for(f"{request.url.host}, which {_told(trouble)}"):
                time.sleep(seconds)

    def _seconds_for(self, request: httpx.Request) -> float:
        """What a request is given; this client's time where its caller gives it for ever, as huggingface_hub may."""
        given = request.extensions.get("timeout", {}).get("read")
        if given is None:
            request.extensions = {**request.extensions, "timeout": self.timeout.as_dict()}
            given = self.timeout.read
        return given or TIMEOUT

    def _sent(self, request: httpx.Request, seconds: float, stream: bool, options: dict[str, Any]) -> httpx.Response:
        """The answer, whole or with its head; where a file is sent, for as long as it takes.

        Raises:
            httpx.TransportError: there is none in time.
        """

        def call() -> httpx.Response:
            return httpx.Client.send(self, request, stream=stream, **options)

        with waiting_for(f"{request.url.host} to answer"):
            if not isinstance(request.stream, httpx.ByteStream):
                return call()
            try:
                response = within(seconds, call)
            except TimeoutError:
                raise httpx.ReadTimeout(f"no whole answer in {seconds:g} s", request=request) from None
        if stream and isinstance(response.stream, httpx.SyncByteStream) and not _is_followed(response):
            response.stream = _Coming(response.stream)
        return response


class _Coming(httpx.SyncByteStream):
    """The bytes of a file, as long as they come. The time that their reader takes is not counted."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        waited, size = 0.0, 0
        asked = time.monotonic()
        for chunk in self._stream:
            waited, size = waited + time.monotonic() - asked, size + len(chunk)
            if waited >= SLOW_SECONDS:
                if size < SLOW_BYTES:
                    raise httpx.ReadTimeout(f"{size:,} bytes in {waited:.0f} s")
                waited, size = 0.0, 0
            yield chunk
            asked = time.monotonic()

    def close(self) -> None:
        self._stream.close()


def _is_followed(response: httpx.Response) -> bool:
    """A stream of events, as a job's log, comes when there is something to say."""
    return response.headers.get("content-type", "").startswith("text/event-stream")


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


@cache
def install() -> None:
    """Make huggingface_hub, and what reads through it, use this client in this process."""
    from huggingface_hub import get_session, set_client_factory

    plain = get_session()
    hooks, redirects = plain.event_hooks, plain.follow_redirects
    timeout = httpx.Timeout(TIMEOUT, connect=30)  # theirs never ends; a commit of many files may take minutes
    set_client_factory(lambda: RetryingClient(event_hooks=hooks, follow_redirects=redirects, timeout=timeout))
