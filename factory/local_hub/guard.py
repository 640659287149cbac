"""Before any route: is the request meant for this Hub, and does a change come from its own pages or from no page?

A page of anybody's in a browser on this machine can send requests to 127.0.0.1, and by a name of its own that it lets
point there (DNS rebinding) read the answers too. The name it asks by and the Origin that browsers add give it away.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse

from factory.hub.addresses import is_loopback_name

READING = {"GET", "HEAD", "OPTIONS"}


class Guard:
    """Middleware. `host` is the address listened on; a loopback one is answered by loopback names and `host` alone."""

    def __init__(self, app: Any, host: str | None = None) -> None:
        self.app, self.host = app, host

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or (wrong := self._wrong(scope)) is None:
            await self.app(scope, receive, send)
            return
        await JSONResponse({"error": wrong}, 403, headers={"X-Error-Message": wrong})(scope, receive, send)

    def _wrong(self, scope: dict[str, Any]) -> str | None:
        headers = scope["headers"]
        host = _header(headers, b"host")
        if self.host is not None and is_loopback_name(self.host) and not self._own(host):
            return f"This Hub is asked by {self.host} or localhost, not by this name"
        origin = _header(headers, b"origin")
        if scope["method"] not in READING and origin and origin.partition("://")[2].lower() != host.lower():
            return "A page of another origin may not change anything here"
        return None

    def _own(self, host: str) -> bool:
        name = _name(host)
        return name == (self.host or "").lower() or is_loopback_name(name)


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in headers if key == name), "")


def _name(host: str) -> str:
    """The name in a Host header, without the port.

    >>> _name("127.0.0.1:8090"), _name("[::1]:80"), _name("LOCALHOST")
    ('127.0.0.1', '::1', 'localhost')
    """
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
