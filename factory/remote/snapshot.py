"""A copy of a step at work, such as a kill at that moment might have left it: another machine can go on from it."""

import os
import shutil
from pathlib import Path

from factory.models.train.checkpoints import MARKER

ATTEMPTS = "attempts.jsonl"
LEFT_OUT = ("*.tmp", "*.index*", "*.log")
"""What no run goes on from: half-written files, indexes of ledgers, logs."""


def snapshot(partial: Path, target: Path) -> bool:
    """Copy into `target` what a run can go on from; False, and nothing, where there is no such thing yet.

    The order makes it sound: ledgers come first, since all that a line calls done was on the disk before the line.
    Where there are checkpoints they are all that counts, and each comes whole and sealed or not at all.
    """
    ledgers = sorted(partial.glob("*.jsonl"))
    for ledger in ledgers:
        _put(ledger, target / ledger.name)
    progress = any(ledger.name != ATTEMPTS and ledger.stat().st_size for ledger in ledgers)
    if (partial / "checkpoints").is_dir():
        for checkpoint in sorted((partial / "checkpoints").glob("checkpoint-*")):
            progress = _checkpoint(checkpoint, target / "checkpoints" / checkpoint.name) or progress
    elif progress:
        for path in sorted(partial.rglob("*")):
            if path.is_file() and path not in ledgers and not any(path.match(pattern) for pattern in LEFT_OUT):
                _put(path, target / path.relative_to(partial), link=path.suffix in (".parquet", ".pack"))
    if not progress:
        shutil.rmtree(target, ignore_errors=True)
    return progress


def _checkpoint(folder: Path, target: Path) -> bool:
    """A run removes old checkpoints while this goes on: one that is not whole afterwards is left out."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if folder / MARKER not in files:
        return False
    for path in files:
        _put(path, target / path.relative_to(folder), link=True)
    if all(path.is_file() for path in files):
        return True
    shutil.rmtree(target, ignore_errors=True)
    return False


def _put(source: Path, target: Path, *, link: bool = False) -> None:
    """A hard link serves where nobody changes the file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        (os.link if link else shutil.copyfile)(source, target)
    except FileNotFoundError:  # removed, or renamed to its final name, since the folder was listed
        return
