"""Reads files that others stored in processes of their own, which may use so much memory and so much time.

A file of a few kilobytes can decode to gigabytes, and what it says of itself need not be true: only a limit that the
operating system holds is one. A process that reaches it ends; the page says so, and the next one starts anew.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from factory.local_hub.errors import HubError

READERS = 2
SECONDS = 10  # that one call may take
MEMORY = 256 << 20  # bytes that a call may use beside what the process has at its start
ANSWER = 16 << 20  # bytes that come back
TOO_MUCH = f"that takes more than {MEMORY >> 20} MB of memory"
PATIENCE = 2 * SECONDS  # seconds to wait for a free process
Answer = TypeVar("Answer")


def package_environment() -> dict[str, str]:
    """This process's environment, in which a Python finds this package wherever it starts."""
    root = str(Path(__file__).resolve().parents[2])
    return os.environ | {"PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])}


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
        [sys.executable, "-P", "-m", __name__],
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


def main() -> None:
    """Answers calls from standard input on standard output, until there are no more."""
    calls, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    _bound()
    while True:
        try:
            function, arguments = pickle.load(calls)
        except EOFError:
            return
        signal.alarm(SECONDS)  # ends the process, also within a library's code
        answer = _answer(function, arguments)
        signal.alarm(0)
        pickle.dump(answer, answers)
        answers.flush()


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        answer = function(*arguments)
        if len(pickle.dumps(answer)) > ANSWER:
            return False, f"there is too much to show: more than {ANSWER >> 20} MB"
    except MemoryError:
        return False, TOO_MUCH
    except Exception as error:
        return False, str(error).strip() or type(error).__name__
    return True, answer


def _bound() -> None:
    """Loads what reads, and allows this process `MEMORY` beyond what it has then."""
    import resource

    from factory.arrays import pa, pq
    from factory.local_hub import side_by_side, thumbnails

    _ = pq.ParquetFile, side_by_side, thumbnails
    pa.set_cpu_count(1)
    pages = Path("/proc/self/statm")
    if pages.exists():  # Linux, where the limit counts what is allocated; elsewhere time alone is bounded
        own = int(pages.read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (own + MEMORY, own + MEMORY))


if __name__ == "__main__":
    main()
