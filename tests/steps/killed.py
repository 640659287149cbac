"""Runs a step's training and kills it with SIGKILL while its third checkpoint is being written.

Usage: killed.py FOLDER PARAMETERS, with `base` and `data` in FOLDER and the parameters of `sft` as JSON.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from factory.models.train import checkpoints
from factory.steps.sft import Sft
from tests.steps.model_toys import artifact, job


def kill_third(folder: Path, step: Sft) -> dict[str, bool]:
    """{checkpoint: whether it is complete} after the kill; the work is in ``folder/killed``."""
    command = [sys.executable, "-m", "tests.steps.killed", str(folder), step.model_dump_json()]
    assert subprocess.run(command, capture_output=True, cwd=Path(__file__).parents[2]).returncode == -signal.SIGKILL
    return {path.name: (path / "complete").exists() for path in (folder / "killed" / "checkpoints").iterdir()}


def main(folder: Path, parameters: str) -> None:
    seal, sealed = checkpoints.seal, []

    def third_time_dead(checkpoint: Path, **options: Any) -> None:
        if len(sealed) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        sealed.append(checkpoint)
        seal(checkpoint, **options)

    checkpoints.seal = third_time_dead
    work = job(folder / "killed", artifact(folder / "base"), data=artifact(folder / "data", "dataset"))
    Sft.model_validate_json(parameters).run(work)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
