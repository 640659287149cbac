"""Checkpoints that a kill cannot spoil: one counts once its marker is written, after all in it is synced."""

import json
import os
import shutil
from pathlib import Path

from factory.store import write_atomically

MARKER = "complete"


def steps_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rsplit("-", 1)[1])


def last_complete(folder: Path) -> Path | None:
    """The newest finished checkpoint; those that a kill has torn are removed."""
    best = None
    for path in sorted(folder.glob("checkpoint-*"), key=steps_of):
        if (path / MARKER).is_file():
            best = path
        else:
            shutil.rmtree(path)
    if best is not None:
        _point_to_best_in(best)
    return best


def _point_to_best_in(checkpoint: Path) -> None:
    """The trainer's state names the best checkpoint by its whole path, which is another where the store was moved."""
    path = checkpoint / "trainer_state.json"
    state = json.loads(path.read_bytes()) if path.is_file() else {}
    named = state.get("best_model_checkpoint")
    if named and Path(named).parent != checkpoint.parent:
        state["best_model_checkpoint"] = str(checkpoint.parent / Path(named).name)
        write_atomically(path, json.dumps(state, indent=2).encode())


def seal(checkpoint: Path, keep: Path | None = None) -> None:
    """Mark a fully written checkpoint as finished, then remove those before it but for `keep`, the best so far."""
    for path in checkpoint.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    write_atomically(checkpoint / MARKER, b"")
    for other in checkpoint.parent.glob("checkpoint-*"):
        older = steps_of(other) < steps_of(checkpoint)
        if older and other != checkpoint and (keep is None or other.name != keep.name):
            shutil.rmtree(other)
