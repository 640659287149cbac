"""Training on several devices: accelerate's configuration from the profile, and its launcher with one job file."""

import importlib.util
import json
import math
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from yaml import safe_dump

from factory.engines.process import Died, EngineProcess
from factory.errors import FactoryError
from factory.models.train.history import Report
from factory.models.train.run import ONLY, TrainingOutcome, TrainingRun
from factory.profile import Profile
from factory.step.job import Job
from factory.text import yaml

ACCELERATE = Path(__file__).with_name("accelerate.yaml")
WORKER = "factory.models.train.worker"
MEASURED = "measured"  # the held-out pairs with what the reference says of them


def processes(profile: Profile) -> int:
    """How many processes train together: the profile's devices on GPUs, or where it names a strategy."""
    several = profile.strategy is not None or profile.torch_device() != "cpu"
    return profile.devices if several else 1


def accelerate_config(profile: Profile, work: TrainingRun) -> dict[str, Any]:
    """accelerate's configuration file for the profile's strategy, as `accelerate config` would write it.

    - ddp: every device holds the whole model. accelerate starts processes that use the CPU through MPI only; its
      launcher for GPUs starts them as well, and the trainer's `use_cpu` makes them use gloo.
    - fsdp: PyTorch's FSDP2, one transformer layer a unit; checkpoints in shards.
    - deepspeed: ZeRO stage 3 without offloading; the batch, clipping and schedule are the trainer's.

    Raises:
        FactoryError: sharding is asked for on a CPU, or deepspeed is not installed.
    """
    arguments, strategy = work.arguments, profile.strategy or "ddp"
    known = yaml.load(ACCELERATE.read_text(encoding="utf-8"))
    precision = "bf16" if arguments["bf16"] else "fp16" if arguments["fp16"] else "no"
    config = known["all"] | known[strategy] | {"mixed_precision": precision, "num_processes": processes(profile)}
    if strategy == "deepspeed":
        config["deepspeed_config"] |= {
            "gradient_accumulation_steps": arguments["gradient_accumulation_steps"],
            "gradient_clipping": arguments["max_grad_norm"],
        }
    return config


def check_strategy(profile: Profile, where: str) -> None:
    """Refuse what could only fail later.

    Raises:
        FactoryError: sharding is asked for on a CPU, deepspeed is not installed, or there are too few GPUs.
    """
    import torch

    if profile.torch_device() == "cpu":
        if profile.strategy != "ddp":
            raise FactoryError(
                f"strategy {profile.strategy} divides a model among GPUs, and this runs on the CPU",
                where=where,
                fix="strategy: ddp in the profile, or take strategy away for one process",
            )
        return
    if torch.cuda.device_count() < profile.devices:
        raise FactoryError(
            f"the profile has {profile.devices} devices, and {torch.cuda.device_count()} GPUs are visible",
            where=where,
            fix="lower devices in the profile, or look at CUDA_VISIBLE_DEVICES",
        )
    if profile.strategy == "deepspeed" and importlib.util.find_spec("deepspeed") is None:
        raise FactoryError(
            "strategy deepspeed needs the package deepspeed", where=where, fix="pip install deepspeed, or use fsdp"
        )


def train_in_processes(
    job: Job, work: TrainingRun, rows: Any, held_out: Any, count: int, report: Report
) -> tuple[TrainingOutcome, Any]:
    """Run the work in `count` processes started by `accelerate launch`; the trained model lies in ``out/trained``.

    Returns the outcome, and the held-out rows with what a reference says of them.

    Rows and job go through files in ``out/launch``; what the first process reports comes back as JSON lines. When
    this process dies the others end themselves.

    Raises:
        FactoryError: they failed; the fix names the log.
    """
    from datasets import load_from_disk

    check_strategy(job.profile, job.where)
    folder, trained = job.out / "launch", job.out / "trained"
    for left in (folder, trained):
        shutil.rmtree(left, ignore_errors=True)
    folder.mkdir(parents=True)
    path = _write(folder, job, work, rows, held_out)
    log = folder / "log.txt"
    command = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(folder / "accelerate.yaml")]
    process = EngineProcess([*command, "-m", WORKER, str(path)], _environment(job.profile), log, math.inf)
    try:
        while True:
            event = process.receive()
            if not isinstance(event, dict):
                continue
            if "failed" in event:
                raise FactoryError(
                    event["failed"], where=job.where, fix=event.get("fix", f"the whole log is in {log}")
                )
            if "outcome" in event:
                measured = folder / MEASURED
                held_out = load_from_disk(str(measured)) if measured.is_dir() else held_out
                return TrainingOutcome(**event["outcome"]), held_out
            report(event)
    except Died as error:
        raise FactoryError(
            f"training in {count} processes failed: {_cause(log) or error}",
            where=job.where,
            fix=f"the whole log is in {log}; checkpoints are kept",
        ) from None
    finally:
        process.close()


def _cause(log: Path) -> str:
    """What the first process to fail raised, as torch's launcher marks it in the log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    found = (re.match(r"\[rank\d+\]:\s*(\w[\w.]*(?:Error|Exception)\b.*)", line) for line in lines)
    return next((match[1][:300] for match in found if match), "")


def _write(folder: Path, job: Job, work: TrainingRun, rows: Any, held_out: Any) -> Path:
    """The files that the processes read: accelerate.yaml, the tokenized rows, and job.json."""
    config = accelerate_config(job.profile, work)
    (folder / "accelerate.yaml").write_text(safe_dump(config, sort_keys=True), encoding="utf-8")
    named = held_out if isinstance(held_out, dict) else {} if held_out is None else {ONLY: held_out}
    for number, part in enumerate([rows, *named.values()]):
        part.save_to_disk(str(folder / f"rows-{number}"))
    description = {
        "work": work.model_dump(mode="json"),
        "held_out": list(named),
        "trained": str(job.out / "trained"),
        "profile": job.profile.model_dump(mode="json"),
    }
    path = folder / "job.json"
    path.write_text(json.dumps(description, indent=2), encoding="utf-8")
    return path


def _environment(profile: Profile) -> dict[str, str]:
    threads = profile.threads or max(1, (os.cpu_count() or 1) // profile.devices)
    paths = [str(Path(__file__).parents[3]), *([os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else [])]
    return {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": os.pathsep.join(paths)}
