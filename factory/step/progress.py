"""Progress that a person can read: a bar with rate, ETA and counts on a terminal, a line at intervals without one."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

LOG_INTERVAL = 15.0  # seconds between lines where there is no terminal


class Progress:
    """One task at a time. `task` names it, `advance` moves it; counts such as kept, rejected or loss are shown.

    What a task is and how far it has come may be read at any time, from any thread: `name` (empty between
    tasks), `unit`, `total`, `done`, `resumed` (done by an earlier run), `counts`, `started` (monotonic seconds).
    """

    def __init__(self, console: Console | None = None, quiet: bool = False) -> None:
        from rich.console import Console

        self.console = console or Console(stderr=True)
        self.quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self.name, self.unit = "", "rows"
        self.total: int | None = None
        self.done = 0
        self.counts: dict[str, float] = {}
        self.started = self._logged = time.monotonic()
        self.resumed = 0

    @contextmanager
    def task(self, name: str, total: int | None = None, unit: str = "rows") -> Iterator[Progress]:
        self.name, self.total, self.unit, self.done, self.counts = name, total, unit, 0, {}
        self.resumed = 0
        self.started = self._logged = time.monotonic()
        if self.console.is_terminal and not self.quiet:
            self._bar = _bar(self.console)
            self._task = self._bar.add_task(name, total=total, unit=unit, counts="")
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
        left = f", {(self.total - self.done) / rate:.0f} s left" if self.total and rate else ""
        counts = self._counts_text()
        tail = f" · {counts}" if counts else ""
        return f"  {self.name}: {self.done:,}{total} {self.unit}, {rate:,.1f}/s{left}{tail}"


def _bar(console: Console) -> Any:
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    return RichProgress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}"),
        console=console,
        transient=True,
    )


def quiet() -> Progress:
    """No output: for tests and `--json`."""
    from rich.console import Console

    return Progress(Console(file=sys.stderr), quiet=True)
