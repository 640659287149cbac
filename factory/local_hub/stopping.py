"""A server that ends soon after it is told to, whatever is open."""

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Any

import uvicorn

GRACE = 2  # seconds that answers under way have
STOP = 4.5  # seconds after which nothing is waited for


class Server(uvicorn.Server):
    """Calls `on_stop` while the last answers end; streams and downloads that go on are cut off."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        config.timeout_graceful_shutdown = GRACE
        super().__init__(config)
        self.on_stop = on_stop

    async def shutdown(self, sockets: Any = None) -> None:
        last = threading.Timer(STOP, os._exit, (0,))  # a thread that is in a library's code cannot be ended
        last.daemon = True
        last.start()
        ending = asyncio.create_task(asyncio.to_thread(self.on_stop))
        await super().shutdown(sockets)
        await ending
