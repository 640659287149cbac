"""What a run said, kept in a file of the store: for the morning after, when the terminal is gone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from factory.text.secrets import masked

if TYPE_CHECKING:
    from factory.step.progress import Progress

FOLDER = "logs"
LARGEST, KEPT = 5_000_000, 3  # bytes of a file; how many older ones stay beside it
FORMAT = "%(asctime)s %(message)s"


def log_file(root: Path, recipe: str) -> Path:
    """Where the runs of a recipe write, in the store at `root`."""
    return root / FOLDER / f"{recipe}.log"


class _Silent(RotatingFileHandler):
    """A disk that is full or read-only silences the log; the run goes on, or says itself what stops it."""

    def handleError(self, record: logging.LogRecord) -> None: ...

    def close(self) -> None:
        with suppress(OSError):
            super().close()


@contextmanager
def kept_log(root: Path, recipe: str, progress: Progress) -> Iterator[Path]:
    """Inside the block each line that `progress` logs is written down too, with the time and without secrets."""
    path = log_file(root, recipe)
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = _Silent(path, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8", errors="replace")
    handler.setFormatter(logging.Formatter(FORMAT))

    def write(line: str) -> None:
        # Not through a logger: libraries are kept quiet by turning logging off for the whole process.
        handler.handle(logging.makeLogRecord({"msg": masked(line), "args": ()}))

    progress.heard = write
    try:
        yield path
    finally:
        progress.heard = None
        handler.close()
