"""What this process waits for, and since when: said by whoever waits, shown by the run that it holds up."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")

_waits: list[tuple[str, str]] = []
_listeners: list[Callable[[str], None]] = []


@contextmanager
def waiting_for(what: str) -> Iterator[None]:
    """The block waits for something; `what` ends a line that begins with `waiting for`."""
    wait = what, datetime.now(UTC).isoformat(timespec="seconds")
    _waits.append(wait)
    try:
        yield
    finally:
        _waits.remove(wait)


def waits() -> dict[str, str]:
    """What is waited for now -> since when (UTC, ISO 8601), the longest first."""
    found: dict[str, str] = {}
    for what, since in tuple(_waits):  # several threads may wait for the same
        found.setdefault(what, since)
    return found


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """What `call` gives, if it does so in time. A call that takes longer goes on in a thread that nobody waits for.

    Raises:
        TimeoutError: it took longer.
    """
    outcome: Future[Result] = Future()
    context = copy_context()

    def work() -> None:
        try:
            outcome.set_result(context.run(call))
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=work, daemon=True).start()
    return outcome.result(seconds)


def tell(line: str) -> None:
    """Where nobody listens (`heard_by`), a wait is told on stderr."""
    if _listeners:
        _listeners[-1](line)
    else:
        print(line, file=sys.stderr, flush=True)


@contextmanager
def heard_by(listener: Callable[[str], None]) -> Iterator[None]:
    """Inside the block waits are told to the listener: a run's progress, which also keeps them in its log."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
