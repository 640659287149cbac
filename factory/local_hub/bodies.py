"""What a request may send: so many bytes, in so much time. Larger bodies go to disk, by routes that say so.

A client that announces little and sends much, sends a byte a second, or opens a thousand requests and ends none, must
cost the others nothing.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

from factory.local_hub.errors import HubError

MOST = 4 << 20  # bytes of a body that is read as a whole
HELD = 64 << 20  # bytes of such bodies at once
PATIENCE = 30.0  # seconds without a byte
SLOWEST = 1024  # bytes a second on average, once that long was waited
# bodies that their routes write to disk, with limits of their own
STREAMED = re.compile(r".*/commit/[^/]+|/lfs/(upload|part)/.*|/xet/[^/]+/v1/(xorbs/.*|shards)")


class Bodies:
    """Middleware that counts bodies as they are read; what is too much, or too slow, is an error where it is read."""

    def __init__(self, app: Any) -> None:
        self.app, self.held = app, 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(self, receive, whole=STREAMED.fullmatch(scope["path"]) is None)
        length = dict(scope["headers"]).get(b"content-length", b"")
        if body.whole and length.isdigit() and (len(length) > 12 or int(length) > MOST):
            await _too_large().response()(scope, receive, send)
            return
        try:
            await self.app(scope, body.receive, send)
        finally:
            self.held -= body.held


class _Body:
    """The body of one request."""

    def __init__(self, bodies: Bodies, receive: Any, *, whole: bool) -> None:
        self.bodies, self.given, self.whole = bodies, receive, whole
        self.size = self.held = 0
        self.waited = 0.0  # seconds for the client; those for the disk are not its fault
        self.ended = False

    async def receive(self) -> dict[str, Any]:
        if self.ended:  # what comes now is that the client hangs up
            return await self.given()
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                message = await self.given()
        except TimeoutError:
            raise _refused(408, f"Nothing came for {PATIENCE:.0f} seconds") from None
        self.waited += time.monotonic() - began
        more = len(message.get("body", b""))
        self.size += more
        self.ended = not message.get("more_body", False)
        if self.waited > PATIENCE and self.size < SLOWEST * self.waited:
            raise _refused(408, f"The body comes too slowly: less than {SLOWEST} bytes a second")
        if self.whole:
            if self.size > MOST:
                raise _too_large()
            if self.bodies.held + more > HELD:
                raise _refused(503, "This Hub is reading as much as it can: try again")
            self.held += more
            self.bodies.held += more
        return message


def _refused(status: int, message: str) -> HubError:
    """The rest of the body may still be coming: the connection is of no more use."""
    return HubError(status, message, headers={"Connection": "close"})


def _too_large() -> HubError:
    return _refused(413, f"The body is larger than the {MOST >> 20} MB that this address takes")
