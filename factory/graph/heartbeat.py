"""What a run is doing, in one small file beside its lock, so that others can watch it without touching the lock."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from factory.step.progress import Progress
    from factory.store import Store

INTERVAL = 2.0  # seconds between two writes
SILENCE = 60.0  # seconds after which a run on another machine, whose process cannot be seen, counts as stopped


@dataclass(frozen=True)
class Beat:
    """The last sign of life of a run.

    Attributes:
        pid, created: process id and the time at which that process began, which together are not used twice.
        step: the node at work; `task` is what it is doing, with `done` of `total` units and `counts` since `seconds`.
        resumed: units that were done when the work began; rates leave them out.
        started, updated: of the run, UTC, ISO 8601.
    """

    pid: int
    created: float
    host: str
    started: str
    updated: str
    step: str = ""
    task: str = ""
    unit: str = "rows"
    done: int = 0
    resumed: int = 0
    total: int | None = None
    seconds: float = 0.0
    counts: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float | None:
        """Units per second since this run took the step up."""
        return (self.done - self.resumed) / self.seconds if self.seconds > 0 and self.done > self.resumed else None

    @property
    def tokens_per_second(self) -> float | None:
        return self.counts["tokens"] / self.seconds if self.seconds > 0 and self.counts.get("tokens") else None

    @property
    def left(self) -> float | None:
        """Seconds until the step is done, at the rate so far."""
        return (self.total - self.done) / self.rate if self.total and self.rate else None

    @property
    def alive(self) -> bool:
        """Whether the process is still there; of another machine's, whether it said so in the last minute."""
        import psutil

        if self.host != socket.gethostname():
            age = datetime.now(UTC) - datetime.fromisoformat(self.updated)
            return age.total_seconds() < SILENCE
        try:
            return abs(psutil.Process(self.pid).create_time() - self.created) < 1
        except psutil.Error:
            return False


def path_of(store: Store, recipe: str) -> Path:
    return store.root / "locks" / f"{recipe}.json"


def read(store: Store, recipe: str) -> Beat | None:
    """The run's last sign of life; None where there was none, or the last run came to its end."""
    try:
        return Beat(**json.loads(path_of(store, recipe).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


class Heartbeat:
    """Writes a `Beat` every two seconds while the block runs, and takes the file away at its end.

    The file is replaced in one move and never synced: what a power cut loses is stale anyway. A disk that is full or
    read-only silences the heart; the run goes on.
    """

    def __init__(self, store: Store, recipe: str, progress: Progress, interval: float = INTERVAL) -> None:
        import psutil

        self.path, self.progress, self.interval = path_of(store, recipe), progress, interval
        self.step = ""
        self._pid, self._created = os.getpid(), psutil.Process().create_time()
        self._started = _now()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.write()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self.path.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._over.wait(self.interval):
            self.write()

    def write(self) -> None:
        beat = Beat(
            self._pid, self._created, socket.gethostname(), self._started, _now(), self.step, **self._progress()
        )
        partial = self.path.with_suffix(".tmp")
        try:
            partial.write_text(json.dumps(asdict(beat)), encoding="utf-8")
            partial.replace(self.path)
        except OSError:
            return

    def _progress(self) -> dict[str, Any]:
        progress = self.progress
        if not progress.name:
            return {}
        return {
            "task": progress.name,
            "unit": progress.unit,
            "done": progress.done,
            "resumed": progress.resumed,
            "total": progress.total,
            "seconds": round(time.monotonic() - progress.started, 3),
            "counts": dict(progress.counts),
        }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
