"""Shards in several processes, for verbs whose work is Python and not a model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.errors import FactoryError

if TYPE_CHECKING:
    from factory.rows.executors import ShardStep
    from factory.step.job import Job

_NO_PROGRESS: Any = None  # a terminal cannot be sent to another process


def in_processes(step: ShardStep, job: Job, shards: dict[int, Path], processes: int) -> Iterator[dict[str, Any]]:
    """Ledger entries of the shards as they get done. The processes end when this one does, however it does.

    Ctrl-C lets the shards in flight end: their files are overwritten by the next run.

    Raises:
        FactoryError: one of the processes was killed, most likely for its memory.
    """
    import multiprocessing
    from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
    from concurrent.futures.process import BrokenProcessPool

    plain_job = replace(job, progress=_NO_PROGRESS, inputs={}, metrics={}, notes=[])
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _start, (step, plain_job)) as pool:
        todo = iter(shards.items())
        running = {pool.submit(_in_process, number, path) for number, path in islice(todo, processes + 1)}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {pool.submit(_in_process, number, path) for number, path in islice(todo, len(done))}
                for future in done:
                    yield future.result()
        except BrokenProcessPool:
            raise FactoryError("a worker process died", where=job.name, fix="run again with fewer `threads`") from None
        finally:
            pool.shutdown(cancel_futures=True)


_process: dict[str, Any] = {}


def follow_parent() -> None:
    """Set a process up: it leaves Ctrl-C to its parent and does not outlive it."""
    import multiprocessing
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


def _start(step: ShardStep, job: Job) -> None:
    from factory.step.progress import quiet

    follow_parent()
    _process.update(step=step, job=replace(job, progress=quiet()))
    _process["work"] = _process["working"] = None


def _in_process(number: int, path: Path) -> dict[str, Any]:
    step, job = _process["step"], _process["job"]
    if _process["work"] is None:
        _process["working"] = step.working(job)
        _process["work"] = _process["working"].__enter__()
    return step.one_shard(job, number, path, _process["work"])
