"""How hard a server may be pressed: requests in flight, and how long to wait before a request is sent again."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.utils import parsedate_to_datetime

FIRST_LIMIT = 8
BASE_WAIT = 0.5  # seconds


class Pressure:
    """The number of requests in flight: additive increase, multiplicative decrease, as TCP does it (RFC 5681).

    Up to the first sign of overload each answer allows one more; afterwards one more per `limit` answers. Overload
    halves the limit, once for all requests that were in flight together. A wait the server asked for holds all.
    """

    def __init__(self, most: int) -> None:
        self.most, self.limit = most, float(min(FIRST_LIMIT, most))
        self.in_flight = 0
        self._steady = False
        self._round = 0  # grows with every halving
        self._not_before = 0.0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """Waits for a free place; yields the round to hand back to `overload`."""
        async with self._changed:
            while True:
                pause = self._not_before - time.monotonic()
                if pause <= 0 and self.in_flight < int(self.limit):
                    break
                if pause > 0:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(pause):
                            await self._changed.wait()
                else:
                    await self._changed.wait()
            self.in_flight += 1
        try:
            yield self._round
        finally:
            async with self._changed:
                self.in_flight -= 1
                self._changed.notify_all()

    def fine(self) -> None:
        self.limit = min(self.most, self.limit + (1 / self.limit if self._steady else 1))

    def overload(self, sent_in: int, wait: float | None = None) -> None:
        """`sent_in`: the round in which the refused request went out; `wait`: seconds the server asked for."""
        if sent_in == self._round:
            self._round += 1
            self._steady = True
            self.limit = max(1.0, self.limit / 2)
        if wait:
            self._not_before = max(self._not_before, time.monotonic() + wait)


def backoff(attempt: int, most: float, chance: random.Random) -> float:
    """Seconds before try `attempt` + 1, counted from 0: exponential with full jitter.

    The formula is that of Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    return chance.uniform(0, min(most, BASE_WAIT * 2**attempt))


def retry_after(value: str | None) -> float | None:
    """Seconds that a ``Retry-After`` header asks for: a number or an HTTP date (RFC 9110, section 10.2.3)."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
