"""HTTP connections of a client with many requests in flight."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx


class Connections:
    """One connection for each request in flight, kept for the next one.

    Each is an httpx client of its own. A client's pool looks at all its connections for every request, and at all of
    them again for each idle one, so that one pool of 50 takes 9 milliseconds of processor time for a request.
    """

    def __init__(self, headers: dict[str, str], timeout: float) -> None:
        """`timeout` is in seconds, for the whole of a request."""
        import httpx

        self._timeout = timeout
        self._settings: dict[str, Any] = {"headers": headers, "timeout": None, "verify": httpx.create_ssl_context()}
        self._all: list[httpx.AsyncClient] = []
        self._idle: list[httpx.AsyncClient] = []  # the last used is the next used

    async def request(self, method: str, url: str, body: dict[str, Any] | None) -> httpx.Response:
        """The whole answer, its body read.

        Raises:
            httpx.TransportError: none came, or not the whole of it in time.
        """
        import httpx

        client = self._idle.pop() if self._idle else self._new()
        try:
            async with asyncio.timeout(self._timeout):  # httpx counts anew with every byte that comes
                return await client.request(method, url, json=body)
        except TimeoutError:
            raise httpx.ReadTimeout(f"no whole answer in {self._timeout:g} s") from None
        finally:
            self._idle.append(client)

    async def aclose(self) -> None:
        for client in self._all:
            await client.aclose()

    def _new(self) -> httpx.AsyncClient:
        import httpx

        client = httpx.AsyncClient(**self._settings, limits=httpx.Limits(max_connections=1))
        self._all.append(client)
        return client
