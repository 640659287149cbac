"""Merging two LFM2-1.2B-shaped bfloat16 models: ours, mergekit with its defaults, and the disk alone.

Both models are made from nothing (random weights). Before each run the inputs leave the page cache; each run counts
until its output is on the disk (fsync). Seconds are those of the merge, without importing libraries; memory is the
largest anonymous resident set, which leaves out pages that are mapped from files.

    python benchmarks/merge/run.py [--rounds 3] [--folder /tmp/merge] [--small]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

# The public configuration of LiquidAI/LFM2-1.2B.
LFM2 = {
    "hidden_size": 2048,
    "num_hidden_layers": 16,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 12288,
    "block_ff_dim": 12288,
    "block_auto_adjust_ff_dim": True,
    "vocab_size": 65536,
    "full_attn_idxs": [2, 5, 8, 10, 12, 14],
    "tie_word_embeddings": True,
}
SMALL = LFM2 | {"hidden_size": 256, "intermediate_size": 512, "block_ff_dim": 512, "vocab_size": 4096}
BLOCK = 8 << 20
LABELS = {"disk": "the disk alone", "ours": "factory", "mergekit": "mergekit, defaults"}


def make(folder: Path, seed: int, config: dict[str, Any]) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model("lfm2", **config), dtype=torch.bfloat16)
    model.to_empty(device="cpu")
    torch.manual_seed(seed)
    for parameter in model.parameters():
        parameter.data.uniform_(-0.02, 0.02)
    model.tie_weights()
    model.save_pretrained(folder)


def cold(folder: Path) -> None:
    for path in folder.glob("*.safetensors"):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def synced(folder: Path) -> None:
    for path in folder.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def disk(first: Path, second: Path, target: Path) -> Callable[[], None]:
    """Read both, write as much as one, with large blocks."""

    def work() -> None:
        target.mkdir()
        buffer = bytearray(BLOCK)
        size = 0
        for folder in (first, second):
            for path in folder.glob("*.safetensors"):
                with path.open("rb", buffering=0) as file:
                    while file.readinto(buffer):
                        pass
                size = path.stat().st_size
        with (target / "bytes").open("wb", buffering=0) as file:
            while size > 0:
                size -= file.write(memoryview(buffer)[: min(size, BLOCK)])
            os.fsync(file.fileno())

    return work


def ours(first: Path, second: Path, target: Path) -> Callable[[], None]:
    import torch

    from factory.models.merge.stream import Slerp, stream

    torch.ones(1)
    return lambda: stream([first, second], target, Slerp(0.5), like=1, dtype=None)


def mergekit(first: Path, second: Path, target: Path) -> Callable[[], None]:
    from mergekit.config import MergeConfiguration
    from mergekit.merge import run_merge
    from mergekit.options import MergeOptions

    config = {
        "merge_method": "slerp",
        "base_model": str(first),
        "models": [{"model": str(first)}, {"model": str(second)}],
        "parameters": {"t": 0.5},
        "dtype": "bfloat16",
    }
    options = MergeOptions(write_model_card=False, copy_tokenizer=False)  # neither model has a tokenizer

    def work() -> None:
        run_merge(MergeConfiguration.model_validate(config), str(target), options)
        synced(target)

    return work


class Anonymous:
    """The largest anonymous resident set while the block runs, in bytes."""

    def __enter__(self) -> Anonymous:
        self.peak, self._done = 0, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def _run(self) -> None:
        while not self._done.wait(0.02):
            line = next(line for line in Path("/proc/self/status").read_text().splitlines() if "RssAnon" in line)
            self.peak = max(self.peak, int(line.split()[1]) * 1024)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def one(name: str, first: Path, second: Path, target: Path) -> None:
    work = globals()[name](first, second, target)
    with Anonymous() as anonymous:
        started, cpu = time.monotonic(), time.process_time()
        work()
        seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "anonymous_bytes": anonymous.peak}))


def differences(first: Path, second: Path) -> dict[str, Any]:
    """How far the two outputs are apart, tensor by tensor: names, shapes, elements that are not the same."""
    from factory.models.merge.reading import Mapped

    with Mapped(first) as a, Mapped(second) as b:
        assert a.extents.keys() == b.extents.keys()
        total = differing = 0
        largest = 0.0
        for name in a.extents:
            x, y = a.tensor(name), b.tensor(name)
            assert x.shape == y.shape and x.dtype == y.dtype
            total += x.numel()
            different = x != y
            if different.any():
                differing += int(different.sum())
                largest = max(largest, float((x[different].float() - y[different].float()).abs().max()))
    return {"tensors": len(a.extents), "elements": total, "differing": differing, "largest_difference": largest}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/merge-benchmark"))
    parser.add_argument("--small", action="store_true", help="tiny models, to try the script; nothing is saved")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        one(arguments.one[0], *map(Path, arguments.one[1:]))
        return
    folder: Path = arguments.folder.absolute()
    first, second, target = folder / "first", folder / "second", folder / "out"
    shutil.rmtree(folder, ignore_errors=True)
    for seed, model in enumerate((first, second)):
        make(model, seed, SMALL if arguments.small else LFM2)
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in LABELS}
    load = []
    equal: dict[str, Any] = {}
    for _ in range(arguments.rounds):
        for name in LABELS:
            shutil.rmtree(target, ignore_errors=True)
            cold(first), cold(second)
            load.append(os.getloadavg()[0])
            command = [sys.executable, __file__, "--one", name, str(first), str(second), str(target)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            runs[name].append(json.loads(done.stdout.splitlines()[-1]))
            print(LABELS[name], runs[name][-1], flush=True)
            if name == "ours":
                shutil.rmtree(folder / "ours", ignore_errors=True)
                target.rename(folder / "ours")
            elif name == "mergekit" and not equal:
                equal = differences(folder / "ours", target)
    size = sum(path.stat().st_size for path in first.glob("*.safetensors"))
    shutil.rmtree(folder)
    report(runs, load, equal, size, save=not arguments.small)


def report(
    runs: dict[str, list[dict[str, float]]], load: list[float], equal: dict[str, Any], size: int, save: bool
) -> None:
    import measure

    median = {name: statistics.median(run["seconds"] for run in found) for name, found in runs.items()}
    content = {
        "what": "slerp of two LFM2-1.2B-shaped bfloat16 models, t = 0.5, inputs not cached, output synced",
        "model_bytes": size,
        "load_average": {"least": round(min(load), 1), "most": round(max(load), 1)},
        "runs": {
            LABELS[name]: {
                "seconds": [round(run["seconds"], 2) for run in found],
                "median_seconds": round(median[name], 2),
                "cpu_seconds": [round(run["cpu_seconds"], 2) for run in found],
                "anonymous_mb": round(max(run["anonymous_bytes"] for run in found) / 1e6),
            }
            for name, found in runs.items()
        },
        "times_faster_than_mergekit": round(median["mergekit"] / median["ours"], 2),
        "times_the_disk_alone": round(median["ours"] / median["disk"], 2),
        "per_round": [
            {
                "faster_than_mergekit": round(runs["mergekit"][i]["seconds"] / runs["ours"][i]["seconds"], 2),
                "the_disk": round(runs["ours"][i]["seconds"] / runs["disk"][i]["seconds"], 2),
            }
            for i in range(len(load) // len(LABELS))
        ],
        "compared_with_mergekit": equal,
    }
    print(json.dumps(content, indent=2))
    if save:
        measure.save("merge", content)
        plot(runs)


def plot(runs: dict[str, list[dict[str, float]]]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import measure

    figure, axes = plt.subplots(figsize=(7, 2.4), layout="constrained")
    for row, (name, found) in enumerate(runs.items()):
        seconds = [run["seconds"] for run in found]
        axes.barh(row, statistics.median(seconds), color="#4878a8" if name == "ours" else "#b8c0c8")
        axes.plot(seconds, [row] * len(seconds), "k|", markersize=12)
    axes.set_yticks(range(len(runs)), [LABELS[name] for name in runs])
    axes.invert_yaxis()
    axes.set_xlabel("seconds: median, and each run")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(measure.RESULTS / "merge.svg")


if __name__ == "__main__":
    main()
