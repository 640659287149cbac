"""Shards in several processes, for verbs whose work is Python and not a model."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from factory.errors import FactoryError

if TYPE_CHECKING:
    from factory.rows.executors import ShardStep
    from factory.step.job import Job

Item = TypeVar("Item")
Result = TypeVar("Result")
_NO_PROGRESS: Any = None  # a terminal cannot be sent to another process


def in_order(
    items: Iterable[Item],
    work: Callable[[Any], Result],
    processes: int,
    start: tuple[Any, ...],
    where: str,
    handed: Callable[[Item], Any] = lambda item: item,
) -> Iterator[tuple[Item, Result]]:
    """(item, ``work(handed(item))``) in the order of the items, a few of which are under way at a time.

    Every process first calls ``start[0](*start[1:])``. The processes end when this one does, however it does; Ctrl-C
    lets what is under way end.

    Raises:
        FactoryError: one of the processes was killed, most likely for its memory.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context("spawn")
    under_way: deque[Any] = deque()
    with ProcessPoolExecutor(processes, context, _follow, start) as pool:
        try:
            for item in items:
                under_way.append((item, pool.submit(work, handed(item))))
                if len(under_way) > processes + 2:
                    done, future = under_way.popleft()
                    yield done, future.result()
            for done, future in under_way:
                yield done, future.result()
        except BrokenProcessPool:
            raise FactoryError("a worker process died", where=where, fix="run again with fewer `threads`") from None
        finally:
            pool.shutdown(cancel_futures=True)


def in_processes(step: ShardStep, job: Job, shards: dict[int, Path], processes: int) -> Iterator[dict[str, Any]]:
    """Ledger entries of the shards, as `in_order` has them. What was under way at the end is overwritten later."""
    plain_job = replace(job, progress=_NO_PROGRESS, inputs={}, metrics={}, notes=[])
    for _, entry in in_order(shards.items(), _in_process, processes, (_start, step, plain_job), job.name):
        yield entry


def _follow(start: Callable[..., None], *arguments: Any) -> None:
    """Set a process up: it leaves Ctrl-C to its parent and does not outlive it."""
    import multiprocessing
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    start(*arguments)


_process: dict[str, Any] = {}


def _start(step: ShardStep, job: Job) -> None:
    from factory.step.progress import quiet

    _process.update(step=step, job=replace(job, progress=quiet()))
    _process["work"] = _process["working"] = None


def _in_process(shard: tuple[int, Path]) -> dict[str, Any]:
    step, job = _process["step"], _process["job"]
    if _process["work"] is None:
        _process["working"] = step.working(job)
        _process["work"] = _process["working"].__enter__()
    return step.one_shard(job, *shard, _process["work"])
