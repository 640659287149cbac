"""Runs one step in forked children, kills them with SIGKILL at random moments, and lets the last one finish.

Usage: kill_driver.py WORK_FOLDER SEED KILLS, with WORK_FOLDER holding `in`, `model` and `step.json`. Forking after the
imports makes a start cost milliseconds. Prints how many children were killed before they were done. Where the spec
says `copied`, each goes on from a copy that was taken of the one before while it ran, and without its memory.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy  # noqa: F401  before the forks

from factory.engines import ENDPOINT_FILE
from factory.remote.snapshot import snapshot
from factory.step.job import Artifact
from tests.support import _manifest, make_job

ENDPOINT = "moody"  # who answers for a model without weights


def main(folder: Path, seed: int, kills: int) -> None:
    chance = random.Random(seed)
    copied = json.loads((folder / "step.json").read_text()).get("copied", False)
    started = time.monotonic()
    assert run(folder, "uninterrupted") == 0
    whole = time.monotonic() - started
    killed = 0
    for _ in range(kills):
        pid = os.fork()
        if pid == 0:
            os._exit(work(folder, "interrupted"))
        time.sleep(chance.uniform(0, whole / 2))
        if copied:
            snapshot(folder / "interrupted", folder / "copy")
        os.kill(pid, signal.SIGKILL)
        if os.WIFSIGNALED(os.waitpid(pid, 0)[1]):
            killed += 1
            if copied:
                shutil.rmtree(folder / "interrupted", ignore_errors=True)
                shutil.rmtree(folder / "interrupted-memory", ignore_errors=True)
                if (folder / "copy").exists():
                    (folder / "copy").rename(folder / "interrupted")
        else:  # it was done before: begin again
            shutil.rmtree(folder / "interrupted")
            shutil.rmtree(folder / "interrupted-memory", ignore_errors=True)
            shutil.rmtree(folder / "copy", ignore_errors=True)
    assert run(folder, "interrupted") == 0
    print(json.dumps({"killed": killed}))


def import_torch() -> None:
    """Before the forks, so that none of them spends its time on it."""
    import torch
    import transformers.models.llama.modeling_llama  # noqa: F401

    torch.set_num_threads(1)


def run(folder: Path, out: str) -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(work(folder, out))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def work(folder: Path, out: str) -> int:
    try:
        spec = json.loads((folder / "step.json").read_text())
        module = importlib.import_module(f"factory.steps.{spec['verb']}")
        step = getattr(module, spec["verb"].capitalize()).model_validate(spec["parameters"])
        inputs = {name: artifact(folder / name, "model") for name in spec.get("models", [])}
        inputs |= {name: artifact(folder / name, "dataset") for name in spec.get("datasets", [])}
        source = artifact(folder / "in", "dataset") if spec.get("source", True) else None
        job = make_job(folder / out, source, **inputs)
        job.memory = folder / f"{out}-memory" if spec.get("memory") else None
        step.run(job)
        summary = {"rows": job.rows.model_dump(), "usage": job.usage.model_dump(), "metrics": job.metrics}
        (folder / f"{out}.json").write_text(json.dumps(summary, sort_keys=True))
        return 0
    except BaseException:
        import traceback

        traceback.print_exc()
        return 1


def artifact(folder: Path, kind: str) -> Artifact:
    answers = (folder / "model" / ENDPOINT_FILE).is_file()
    return Artifact(folder.name, folder, _manifest(folder.name, kind), endpoint=ENDPOINT if answers else None)


if __name__ == "__main__":
    if json.loads((Path(sys.argv[1]) / "step.json").read_text()).get("models"):
        import_torch()
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
