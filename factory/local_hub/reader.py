"""The process in which `aside` has its functions called."""

import os
import pickle
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from factory.arrays import pa, pq
from factory.local_hub import side_by_side, thumbnails
from factory.local_hub.aside import ANSWER, MEMORY, SECONDS, TOO_MUCH


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
    _ = pq.ParquetFile, side_by_side, thumbnails
    pa.set_cpu_count(1)
    pages = Path("/proc/self/statm")
    if pages.exists():  # Linux, where the limit counts what is allocated; elsewhere time alone is bounded
        own = int(pages.read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (own + MEMORY, own + MEMORY))


if __name__ == "__main__":
    main()
