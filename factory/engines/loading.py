"""How long an engine may take to load a model: the profile says. Then it is ended, and named."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.waiting import waiting_for


class _TooLate(BaseException):
    """Not an `Exception`: libraries catch those."""


@contextmanager
def loading(engine: str, model: Path, seconds: float) -> Iterator[None]:
    """The block loads a model; a run shows that it is waited for.

    In a program's main thread the block is ended where it is. Elsewhere only what waits for another process ends.

    Raises:
        FactoryError: it took longer than `seconds`.
    """
    try:
        with waiting_for(f"{engine} to load {model}"), _alarm(seconds):
            yield
    except _TooLate:
        raise too_late(engine, model, seconds) from None


def too_late(engine: str, model: Path, seconds: float, log: Path | None = None) -> FactoryError:
    """What to say of an engine that was ended, and where its log is if it keeps one."""
    return FactoryError(
        f"{engine} had not loaded {model} after {seconds:g} s and was ended",
        where=str(log) if log else None,
        fix="see what holds it up, or give it more seconds: `loading` in [profiles.NAME]; finished work is kept",
    )


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise `_TooLate` in the block after so long; an alarm that was set before goes on behind it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise _TooLate

    handler, began = signal.signal(signal.SIGALRM, stop), time.monotonic()
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), 1e-3) if left else 0)
        signal.signal(signal.SIGALRM, handler)
