"""How far a run has come: for those who sit before it, and in a small file for those who watch from elsewhere.

On a terminal it is a bar with rate, ETA and counts, without one a line at intervals. The file lies beside the run's
lock, so that nobody has to touch the lock.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from factory.text.figures import time_text
from factory.waiting import waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from factory.store import Store

LOG_INTERVAL = 15.0  # seconds between lines where there is no terminal
BEAT_INTERVAL = 2.0  # seconds between two beats
SILENCE = 60.0  # seconds after which a run on another machine, whose process cannot be seen, counts as stopped


class Progress:
    """One task at a time. `task` names it, `advance` moves it; counts such as kept, rejected or loss are shown.

    What a task is and how far it has come may be read at any time, from any thread: `name` (empty between
    tasks), `unit`, `total`, `done`, `resumed` (done by an earlier run), `counts`, `started` and `moved` (when it last
    had something to say; both monotonic seconds).
    """

    def __init__(self, console: Console | None = None, quiet: bool = False) -> None:
        self._console = console
        self.quiet = quiet
        self.heard: Callable[[str], None] | None = None  # each line that is logged, also when quiet
        self._bar: Any = None
        self._task: Any = None
        self.name, self.unit = "", "rows"
        self.total: int | None = None
        self.done = 0
        self.counts: dict[str, float] = {}
        self.started = self.moved = self._logged = time.monotonic()
        self.resumed = 0

    @property
    def console(self) -> Console:
        from rich.console import Console

        self._console = self._console or Console(stderr=True)
        return self._console

    @contextmanager
    def task(self, name: str, total: int | None = None, unit: str = "rows") -> Iterator[Progress]:
        self.name, self.total, self.unit, self.done, self.counts = name, total, unit, 0, {}
        self.resumed = 0
        self.started = self.moved = self._logged = time.monotonic()
        if not self.quiet and self.console.is_terminal:
            self._bar = _bar(self.console)
            shown = middle_out(name, self.console.width // 4)
            self._task = self._bar.add_task(shown, total=total, unit=unit, counts="")
            self._bar.start()
        try:
            yield self
        finally:
            if self._bar is not None:
                self._bar.stop()
                self._bar = None
            self.name = ""

    def advance(self, amount: int = 1, *, total: int | None = None, **counts: float) -> None:
        """Move the current task by `amount` units; counts are added up, except those given as floats (last value)."""
        self.done += amount
        self.moved = time.monotonic()
        self.total = total if total is not None else self.total
        for key, value in counts.items():
            self.counts[key] = value if isinstance(value, float) else self.counts.get(key, 0) + value
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, total=self.total, counts=self._counts_text())
        elif not self.quiet and time.monotonic() - self._logged >= LOG_INTERVAL:
            self._logged = time.monotonic()
            self.log(self._line())

    def resume(self) -> None:
        """What was counted so far was done by an earlier run: rates begin here."""
        self.resumed, self.started = self.done, time.monotonic()

    def log(self, message: str) -> None:
        self.moved = time.monotonic()
        if self.heard is not None:
            self.heard(message)
        if not self.quiet:
            self.console.print(message, markup=False, highlight=False, soft_wrap=True)

    def _counts_text(self) -> str:
        elapsed = max(time.monotonic() - self.started, 1e-9)
        parts = []
        for key, value in self.counts.items():
            shown = f"{value:.3f}" if isinstance(value, float) else f"{value:,}"
            parts.append(f"{value / elapsed:,.0f} tokens/s" if key == "tokens" else f"{key} {shown}")
        return " · ".join(parts)

    def _line(self) -> str:
        elapsed = time.monotonic() - self.started
        rate = (self.done - self.resumed) / elapsed if elapsed else 0.0
        total = f"/{self.total:,}" if self.total else ""
        left = f", {time_text((self.total - self.done) / rate)} left" if self.total and rate else ""
        counts = self._counts_text()
        tail = f" · {counts}" if counts else ""
        return f"  {self.name}: {self.done:,}{total} {self.unit}, {rate:,.1f}/s{left}{tail}"


def _bar(console: Console) -> Any:
    """A line that never breaks and whose numbers stay whole: where it is narrow the bar shrinks and counts are cut."""
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress
    from rich.table import Column

    class Counts(TextColumn):
        def render(self, task: Any) -> Any:
            text = super().render(task)
            text.no_wrap, text.overflow = True, "ellipsis"
            return text

    return RichProgress(
        SpinnerColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=min(24, console.width // 8)),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[unit]}"),
        TimeRemainingColumn(table_column=Column(no_wrap=True)),
        Counts("{task.fields[counts]}", table_column=Column()),
        console=console,
        transient=True,
    )


def middle_out(text: str, width: int) -> str:
    """A long name without its middle: how a path begins and ends tells most.

    >>> middle_out("load /data/of/mine/pairs.jsonl", 20)
    'load /dat…airs.jsonl'
    """
    if len(text) <= width:
        return text
    kept = max(width - 1, 2)
    return f"{text[: kept // 2]}…{text[-(kept - kept // 2) :]}"


def quiet() -> Progress:
    """No output: for tests and `--json`."""
    return Progress(quiet=True)


@dataclass(frozen=True)
class Beat:
    """The last sign of life of a run.

    Attributes:
        pid, created: process id and the time at which that process began, which together are not used twice.
        step: the node at work; `task` is what it is doing, with `done` of `total` units and `counts` since `seconds`.
        resumed: units that were done when the work began; rates leave them out.
        started, updated: of the run, UTC, ISO 8601.
        waits: what it waits for now -> since when, in UTC, the longest first; `still`: seconds without any progress.
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
    waits: dict[str, str] = field(default_factory=dict)
    still: float = 0.0

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


def beat_path(store: Store, recipe: str) -> Path:
    return store.root / "locks" / f"{recipe}.json"


def last_beat(store: Store, recipe: str) -> Beat | None:
    """The run's last sign of life; None where there was none, or the last run came to its end."""
    try:
        return Beat(**json.loads(beat_path(store, recipe).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


class Heartbeat:
    """Writes a `Beat` every two seconds while the block runs, and takes the file away at its end.

    The file is replaced in one move and never synced: what a power cut loses is stale anyway. A disk that is full or
    read-only silences the heart; the run goes on.
    """

    def __init__(self, store: Store, recipe: str, progress: Progress, interval: float = BEAT_INTERVAL) -> None:
        import psutil

        self.path, self.progress, self.interval = beat_path(store, recipe), progress, interval
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
        progress, now = self.progress, time.monotonic()
        found: dict[str, Any] = {"waits": waits(), "still": round(now - progress.moved, 3)}
        if not progress.name:
            return found
        return found | {
            "task": progress.name,
            "unit": progress.unit,
            "done": progress.done,
            "resumed": progress.resumed,
            "total": progress.total,
            "seconds": round(now - progress.started, 3),
            "counts": dict(progress.counts),
        }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
