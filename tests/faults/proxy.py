"""A server before the embedded Hub that spoils chosen answers, as networks, proxies and busy Hubs do."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass(frozen=True)
class Fault:
    """What happens to one answer.

    Attributes:
        name: in a test's name.
        status: sent in place of the Hub's; the request does not reach the Hub.
        reaches: the Hub does what was asked, and only its answer is spoiled.
        headers, body: sent with `status`, or with 200 where the answer is spoiled.
        cut: bytes of the answer's body after which the connection ends; 0 with no answer at all.
    """

    name: str
    status: int | None = None
    reaches: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None


PAGE = b"<!doctype html><title>Just a moment...</title>"
JSON_TYPE = {"Content-Type": "application/json"}
PASSING = [
    *[Fault(f"answer {status}", status, body=b"{}", headers=JSON_TYPE) for status in (408, 429, 500, 502, 503, 504)],
    Fault("429, in a second", 429, headers={"Retry-After": "1"}),
    Fault("429, at a date", 429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    Fault("429, in a window", 429, headers={"RateLimit": '"api";r=0;t=1'}),
    Fault("503, in a second", 503, headers={"Retry-After": "1"}),
    Fault("503 with a page", 503, headers={"Content-Type": "text/html"}, body=PAGE),
    Fault("500 after it was done", 500, reaches=True),
    Fault("504 after it was done", 504, reaches=True),
    Fault("cut before", cut=0),
    Fault("cut after it was done", reaches=True, cut=0),
    Fault("cut within the answer", reaches=True, cut=7),
    Fault("half an answer that says it is whole", reaches=True, cut=-1),
    Fault("an empty answer", reaches=True, headers=JSON_TYPE),
    Fault("a page in place of JSON", headers={"Content-Type": "text/html"}, body=PAGE, reaches=True),
    Fault("broken JSON", headers=JSON_TYPE, body=b'{"a": ', reaches=True),
]
"""Twenty troubles of one moment; asked again, the Hub answers as ever."""

LASTING = [
    Fault("no right", 403, body=json.dumps({"error": "Forbidden"}).encode(), headers=JSON_TYPE),
    Fault("quota", 402, body=json.dumps({"error": "Private storage limit reached"}).encode(), headers=JSON_TYPE),
    Fault("too large", 413, body=b"", headers={}),
    Fault("a refused token", 401, body=json.dumps({"error": "Invalid token"}).encode(), headers=JSON_TYPE),
]


@dataclass
class Faults:
    """The server: `endpoint`, and the requests that came, as "METHOD path", in their order.

    `plan(method and path, number of the request)` says what happens to it, None for nothing.
    """

    endpoint: str
    plan: Callable[[str, int], Fault | None] = lambda request, number: None
    requests: list[str] = field(default_factory=list)
    met: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def meet(self, request: str) -> Fault | None:
        with self.lock:
            self.requests.append(request)
            fault = self.plan(request, len(self.requests) - 1)
            self.met += fault is not None
            return fault

    def clear(self) -> None:
        self.requests.clear()
        self.met, self.plan = 0, lambda request, number: None

    def once(self, number: int, fault: Fault) -> None:
        """Only the request of this number meets the fault."""
        self.clear()
        self.plan = lambda _, now: fault if now == number else None

    def always(self, pattern: str, fault: Fault) -> None:
        """Every request that the pattern is found in meets the fault."""
        self.clear()
        self.plan = lambda request, _: fault if re.search(pattern, request) else None


@contextmanager
def proxied(hub: str) -> Iterator[Faults]:
    """Faults before the Hub at this address; without a plan it only passes everything on."""
    target = urlsplit(hub)
    assert target.hostname is not None

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self._chunks() if self.headers.get("Transfer-Encoding") == "chunked" else self.rfile.read(length)
            fault = faults.meet(f"{self.command} {self.path}")
            if fault is not None and not fault.reaches:
                self._send(fault.status, list(fault.headers.items()), fault.body, fault.cut)
                return
            connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=120)
            headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP - {"date"}}
            connection.request(self.command, self.path, body=body or None, headers=headers)
            found = connection.getresponse()
            content = found.read()
            kept = [(key, value) for key, value in found.getheaders() if key.lower() not in HOP]
            connection.close()
            if fault is None:
                length_told = found.headers.get("Content-Length")
                self._send(found.status, kept, content, None, length_told if self.command == "HEAD" else None)
            elif fault.cut is not None:
                self._send(found.status, kept, content, fault.cut)
            else:
                self._send(fault.status or 200, list(fault.headers.items()), fault.body, None)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = answer

        def _send(
            self,
            status: int | None,
            headers: list[tuple[str, str]],
            body: bytes,
            cut: int | None,
            told: str | None = None,
        ) -> None:
            self.close_connection = cut is not None or self.close_connection
            if cut == 0:
                return
            sent = body if cut is None else body[:cut] if cut > 0 else body[: len(body) // 2]
            self.send_response(status or 200)
            for key, value in headers:
                self.send_header(key, value)
            self.send_header("Content-Length", told or str(len(sent if cut == -1 else body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(sent)

        def _chunks(self) -> bytes:
            found = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def log_message(self, format: str, *args: Any) -> None:
            """Tests read what was asked in `requests`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    faults = Faults(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield faults
    finally:
        server.shutdown()
        server.server_close()
