"""Rows/s of the verb `translate` over the engine ray, with one worker and with two: same model and texts, in turn.

    python benchmarks/engines/ray_workers.py [--rows 128] [--rounds 3]     (needs the extra [ray])

Over transformers, one thread a worker: beside it the same loop in one and in two plain processes without ray, which is
what this machine can give; two threads of one core give less than twice the one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import work  # noqa: E402
from measure import save  # noqa: E402

from factory.profile import Profile  # noqa: E402
from factory.step.job import Artifact  # noqa: E402

WORKERS = (1, 2)
ASKED = 1.7
BATCH = 16  # prompts of a batch: the same for one worker and for two, from 128 rows on


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(prefix="factory-ray-") as folder:
        model = work.model(Path(folder) / "m")
        computed = over_transformers(Path(folder) / "transformers", model, arguments.rows, arguments.rounds)
    result = {
        "tokens_a_row": work.LIMIT,
        "rounds": arguments.rounds,
        "load": [round(value, 1) for value in os.getloadavg()],
        "asked": ASKED,
        "transformers": computed,
    }
    print(json.dumps(result, indent=2))
    print(save("ray_workers", result))


def over_transformers(folder: Path, model: Artifact, rows: int, rounds: int) -> dict[str, Any]:
    asked = work.texts(rows)
    with ExitStack() as stack:
        runs: dict[str, work.Timed] = {}
        for count in WORKERS:
            profile = _profile(count, {"batch_size": BATCH, "ray": {"engine": "transformers"}})
            runs[f"ray, {count}"] = stack.enter_context(work.translating(folder / str(count), model, asked, profile))
            runs[f"plain, {count}"] = stack.enter_context(_plain(model.model, asked, count))
        result = _summary(work.in_turn(runs, rounds), rows)
    rates = result["rows_per_second"]
    share = {count: round(rates[f"ray, {count}"] / rates[f"plain, {count}"], 2) for count in WORKERS}
    return result | {"ray_over_plain": share}


def _profile(workers: int, settings: dict[str, Any]) -> Profile:
    # Half a core each, so that the idle actors of one run leave room for those of the other.
    ray = settings["ray"] | {"workers": workers, "cpus": 0.5}
    return Profile.model_validate({"engine": "ray", "device": "cpu", "threads": 1, **settings, "ray": ray})


def _summary(seconds: dict[str, list[float]], rows: int) -> dict[str, Any]:
    medians = work.rates(seconds, rows)
    kinds = dict.fromkeys(name.partition(",")[0] for name in medians)
    return {
        "rows": rows,
        "seconds": work.rounded(seconds),
        "rows_per_second": {name: round(value, 1) for name, value in medians.items()},
        "two_over_one": {kind: round(medians[f"{kind}, 2"] / medians[f"{kind}, 1"], 2) for kind in kinds},
    }


@contextmanager
def _plain(model: Path, asked: Sequence[str], count: int) -> Iterator[work.Timed]:
    """Texts dealt out in turn, so that each process has as many long ones."""
    command = [sys.executable, str(Path(__file__).with_name("plain_worker.py")), str(model)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for _ in range(count)
    ]
    ends = [(process.stdin, process.stdout) for process in processes]

    def run() -> float:
        started = time.monotonic()
        for to, _ in ends:
            print("go", file=to, flush=True)
        found = [json.loads(answers.readline()) for _, answers in ends if answers is not None]
        assert sum(written for _, written in found) == work.LIMIT * len(asked)
        return max(ended for ended, _ in found) - started

    try:
        for n, (to, answers) in enumerate(ends):
            order = {"texts": asked[n::count], "tokens": work.LIMIT, "batch_size": BATCH}
            print(json.dumps(order), file=to, flush=True)
            assert answers is not None and answers.readline() == "ready\n"
        yield run
    finally:
        for process in processes:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
