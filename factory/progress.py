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
    """One task at a time. `start` names it, `advance` moves it; counts such as kept, rejected or loss are shown."""

    def __init__(self, console: Console | None = None, quiet: bool = False) -> None:
        from rich.console import Console

        self.console = console or Console(stderr=True)
        self.quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._name, self._unit = "", "rows"
        self._total: int | None = None
        self._done = 0
        self._counts: dict[str, float] = {}
        self._started = self._logged = time.monotonic()

    @contextmanager
    def task(self, name: str, total: int | None = None, unit: str = "rows") -> Iterator[Progress]:
        self._name, self._total, self._unit, self._done, self._counts = name, total, unit, 0, {}
        self._started = self._logged = time.monotonic()
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

    def advance(self, amount: int = 1, *, total: int | None = None, **counts: float) -> None:
        """Move the current task by `amount` units; counts are added up, except those given as floats (last value)."""
        self._done += amount
        self._total = total if total is not None else self._total
        for key, value in counts.items():
            self._counts[key] = value if isinstance(value, float) else self._counts.get(key, 0) + value
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, total=self._total, counts=self._counts_text())
        elif not self.quiet and time.monotonic() - self._logged >= LOG_INTERVAL:
            self._logged = time.monotonic()
            self.log(self._line())

    def log(self, message: str) -> None:
        if not self.quiet:
            self.console.print(message, markup=False, highlight=False, soft_wrap=True)

    def _counts_text(self) -> str:
        elapsed = max(time.monotonic() - self._started, 1e-9)
        parts = []
        for key, value in self._counts.items():
            shown = f"{value:.3f}" if isinstance(value, float) else f"{value:,}"
            parts.append(f"{value / elapsed:,.0f} tokens/s" if key == "tokens" else f"{key} {shown}")
        return " · ".join(parts)

    def _line(self) -> str:
        elapsed = time.monotonic() - self._started
        rate = self._done / elapsed if elapsed else 0.0
        total = f"/{self._total:,}" if self._total else ""
        left = f", {(self._total - self._done) / rate:.0f} s left" if self._total and rate else ""
        counts = self._counts_text()
        tail = f" · {counts}" if counts else ""
        return f"  {self._name}: {self._done:,}{total} {self._unit}, {rate:,.1f}/s{left}{tail}"


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
