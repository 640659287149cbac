"""A folder for what is made to be sent and not kept: it goes with its block, or with the next one after a kill."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

PREFIX = ".push-"


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """A new folder in `root`, beside what it is made from, so that files can be linked; others' dead ones are removed.

    Who uses one holds a lock on it, which the system lets go of when the process dies.
    """
    with FileLock(root / "locks" / "scratch.lock"):
        for left in root.glob(f"{PREFIX}*"):
            if (held := _held(left)) is not None:
                shutil.rmtree(left, ignore_errors=True)
                os.close(held)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        held = _held(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def _held(folder: Path) -> int | None:
    """The folder, opened and locked; None where somebody else has it."""
    try:
        found = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(found)
        return None
    return found
