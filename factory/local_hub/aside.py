"""Reads files that others stored in processes of their own, which may use so much memory and so much time.

A file of a few kilobytes can decode to gigabytes, and what it says of itself need not be true: only a limit that the
operating system holds is one. A process that reaches it ends; the page says so, and the next one starts anew.
"""

from __future__ import annotations

import pickle
import queue
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from factory.local_hub.children import package_environment
from factory.local_hub.errors import HubError

READERS = 2
SECONDS = 10  # that one call may take
MEMORY = 256 << 20  # bytes that a call may use beside what the process has at its start
ANSWER = 16 << 20  # bytes that come back
TOO_MUCH = f"that takes more than {MEMORY >> 20} MB of memory"
PATIENCE = 2 * SECONDS  # seconds to wait for a free process
Answer = TypeVar("Answer")


class Aside:
    """The reading processes, started when the first is wanted."""

    def __init__(self) -> None:
        self._free: queue.LifoQueue[subprocess.Popen[bytes] | None] = queue.LifoQueue()
        for _ in range(READERS):
            self._free.put(None)

    def call(self, function: Callable[..., Answer], *arguments: Any) -> Answer:
        """What a function of a module answers, called in a reading process.

        Raises:
            ValueError: it raised something, took too long, or used too much memory.
            HubError: 503, all processes were busy for too long.
        """
        try:
            process = self._free.get(timeout=PATIENCE)
        except queue.Empty:
            raise HubError(503, "Other files are being read: try again", headers={"Retry-After": "10"}) from None
        try:
            if process is None or process.poll() is not None:
                process = _start()
            good, answer = _ask(process, function, arguments)
        finally:
            self._free.put(process)
        if not good:
            raise ValueError(answer)
        return answer

    def close(self) -> None:
        """Ends the processes that are idle; one that reads ends after its call, or its time."""
        while not self._free.empty():
            if (process := self._free.get_nowait()) is not None:
                process.kill()
                process.wait()


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "factory.local_hub.reader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Arrow's own allocators reserve more than they use
        env=package_environment() | {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"},
        start_new_session=True,  # Ctrl-C in the terminal is for the Hub
    )


def _ask(process: subprocess.Popen[bytes], function: Any, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    assert process.stdin is not None and process.stdout is not None
    try:
        pickle.dump((function, arguments), process.stdin)
        process.stdin.flush()
        good, answer = pickle.load(process.stdout)
        if answer == TOO_MUCH:  # what is left of the memory may be in pieces
            process.kill()
            process.wait()
        return good, answer
    except (EOFError, OSError, pickle.UnpicklingError):
        slow = process.wait() == -signal.SIGALRM
        return False, f"that takes more than {SECONDS} seconds" if slow else "the process that read them ended"
