"""Files from the web: only from hosts that were allowed, at public addresses, of limited size and time."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpcore
import httpx

from factory.rows.unreadable import Refused
from factory.waiting import within

SECONDS = 30.0  # for the whole of a file
TOO_LATE = f"not there after {SECONDS:g} seconds"
MOST_REDIRECTS = 3
TRANSLATED = ipaddress.ip_network("64:ff9b::/32")  # ways to IPv4 addresses, RFC 6052 and 8215
PORTS = {"http": 80, "https": 443}


def is_public(address: str) -> bool:
    """Is it an address of the public internet, and no way round to another?

    >>> is_public("1.1.1.1"), is_public("127.0.0.1"), is_public("::ffff:10.0.0.1"), is_public("169.254.169.254")
    (True, False, False, False)
    """
    known = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(known, ipaddress.IPv6Address) and (
        known.ipv4_mapped or known.sixtofour or known.teredo or known in TRANSLATED
    ):
        return False
    return known.is_global and not known.is_multicast


class _PublicOnly(httpcore.NetworkBackend):
    """Connects to the very address that was looked at, so that a name cannot mean another one a moment later."""

    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, *args: Any, **options: Any) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            raise Refused("its host is not known") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not all(map(is_public, addresses)):
            raise Refused("its host is no public address")
        return self._backend.connect_tcp(addresses[0], port, *args, **options)


class Fetcher:
    """Fetches from `hosts` alone: ``images.example.org`` at the usual ports, or ``example.org:8443``."""

    def __init__(self, hosts: Iterable[str], most_bytes: int) -> None:
        self._hosts, self._most = {_read(host) for host in hosts}, most_bytes
        self._pool = httpcore.ConnectionPool(network_backend=_PublicOnly(), max_connections=16, retries=1)

    def allowed(self, url: str) -> str | None:
        """Why an address may not be asked; None: it may."""
        try:
            self._address(url)
        except Refused as why:
            return str(why)
        return None

    def _address(self, url: str, seen_from: str = "") -> httpx.URL:
        """As it is asked: in ASCII, whatever letters it is written in. Raises Refused: it may not be."""
        try:
            parts = httpx.URL(seen_from).join(url)
        except (httpx.InvalidURL, ValueError):
            raise Refused("no address of the web") from None
        if parts.scheme not in PORTS or not parts.host:
            raise Refused("no address of the web")
        usual = PORTS[parts.scheme]
        port = usual if parts.port is None else parts.port
        named = {(parts.host, port), (parts.host, None if port == usual else port)}
        if parts.userinfo or named.isdisjoint(self._hosts):
            raise Refused("its host is not among `image_hosts`")
        return parts

    def fetch(self, url: str) -> bytes:
        """What lies at an address.

        Raises:
            Refused: it may not be asked, does not answer well, takes too long or is too large.
        """
        try:
            return within(SECONDS, partial(self._fetched, url))
        except TimeoutError:
            raise Refused(TOO_LATE) from None

    def _fetched(self, url: str) -> bytes:
        until = time.monotonic() + SECONDS
        address = self._address(url)
        for _ in range(MOST_REDIRECTS + 1):
            with self._asked(address) as answer:
                if answer.status in (301, 302, 303, 307, 308):
                    address = self._address(_location(answer), str(address))
                    continue
                if answer.status != 200:
                    raise Refused(f"its host answered {answer.status}")
                return self._body(answer, until)
        raise Refused("it leads from address to address")

    @contextmanager
    def _asked(self, address: httpx.URL) -> Iterator[httpcore.Response]:
        asked = httpcore.URL(
            scheme=address.raw_scheme, host=address.raw_host, port=address.port, target=address.raw_path
        )
        headers: dict[bytes | str, bytes | str] = {
            "Host": address.netloc,
            "User-Agent": "hf-factory",
            "Accept": "image/*",
        }
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), 10.0)
        try:
            with self._pool.stream("GET", asked, headers=headers, extensions={"timeout": timeout}) as answer:
                yield answer
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError):
            raise Refused("its host did not answer") from None
        except httpcore.UnsupportedProtocol:
            raise Refused("no address of the web") from None

    def _body(self, answer: httpcore.Response, until: float) -> bytes:
        found = bytearray()
        for chunk in answer.iter_stream():
            found += chunk
            if len(found) > self._most:
                raise Refused(f"larger than {self._most >> 20} MB")
            if time.monotonic() > until:
                raise Refused(TOO_LATE)
        return bytes(found)

    def close(self) -> None:
        self._pool.close()


def _location(answer: httpcore.Response) -> str:
    return next((value.decode("latin-1") for name, value in answer.headers if name.lower() == b"location"), "")


def _read(host: str) -> tuple[str, int | None]:
    """(name, port) of a host as an address names it, whatever letters it is written in."""
    try:
        parts = httpx.URL(f"//{host}")
    except (httpx.InvalidURL, ValueError):
        return host, None  # which no address names
    return parts.host, parts.port
