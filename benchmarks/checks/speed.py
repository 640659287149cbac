"""Rows a second of the checks on real pairs: the default set on all cores, and beside OpusFilter and datatrove.

    python benchmarks/checks/speed.py DATA --opusfilter VENV/bin/python --datatrove VENV/bin/python

The pairs are the English-Arabic ones of `real_pairs`, 5,000 drawn from all of them where a peer is beside. Each peer
runs in its own environment, one filter at a time in one process, as our checks beside them; seconds are processor
time, so that other work on the machine disturbs less, and the least of several rounds, of the peers as of ours. The
default set runs as `factory check` runs it, in as many processes as cores, by the clock; beside it stands what the
checks alone need of one core's processor time.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.checks.real_pairs import Pair, real_pairs
from benchmarks.measure import save
from factory.checks import DEFAULT, Check, parse_check
from factory.checks.scoring import Scored
from factory.look.pairs import judged
from factory.steps.filter import Filter

HERE = Path(__file__).parent
PEERS = {"opusfilter": "opus.py", "datatrove": "trove.py"}
SIDE_BY_SIDE = 5_000
BATCH = 2_000
ROUNDS = 3


def checks(names: tuple[str, ...] | list[str]) -> list[Check]:
    return [parse_check(name).in_language("ar", "en") for name in names]


def default_set(rows: list[Pair], processes: int) -> dict[str, Any]:
    """By the clock, texts handed to the processes and outcomes handed back; the processes are started before."""
    batches = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    known = [check.survey([([a for a, _ in rows], [b for _, b in rows])]) for check in checks(DEFAULT)]
    step = Filter.model_validate({"checks": known})
    found = judged(step, batches, lambda batch: ([a for a, _ in batch], [b for _, b in batch]), processes)
    first = [next(found)[1] for _ in range(min(2 * processes, len(batches) - 1))]
    started = time.monotonic()
    timed = [outcomes for _, outcomes in found]
    seconds = time.monotonic() - started
    return {
        "processes": processes,
        "seconds": round(seconds, 2),
        "rows_per_second": round(sum(map(len, timed)) / seconds),
        "kept": sum(outcome.verdict == "kept" for outcomes in first + timed for outcome in outcomes),
    }


def each_check(rows: list[Pair], names: tuple[str, ...]) -> dict[str, float]:
    """Processor seconds of each check alone, which shares nothing with the others, and of all together (``all``)."""
    chosen = {check.name: [check] for check in checks(names)}
    chosen["all"] = [check for (check,) in chosen.values()]
    seconds = dict.fromkeys(chosen, math.inf)
    for _ in range(ROUNDS + 1):  # the first builds tables
        for name, group in chosen.items():
            started = time.process_time()
            scored = Scored(group, len(rows))
            scored.add(([source for source, _ in rows], [target for _, target in rows]))
            scored.refused()
            seconds[name] = min(seconds[name], time.process_time() - started)
    return seconds


def beside(python: str, script: str, file: str, rows: list[Pair], own: dict[str, float]) -> dict[str, Any]:
    """Each check alone, and all that the peer has in one pass, where ours share what they find out about a column."""
    peer: dict[str, float] = {}
    for _ in range(ROUNDS):
        done = subprocess.run([python, str(HERE / "peers" / script), file], capture_output=True, text=True, check=True)
        for name, seconds in json.loads(done.stdout.strip().splitlines()[-1]).items():
            peer[name] = min(seconds, peer.get(name, math.inf))
    together = each_check(rows, tuple(peer))["all"]
    return {
        "seconds": {name: {"factory": round(own[name], 4), "peer": round(peer[name], 4)} for name in peer},
        "times": {name: round(peer[name] / own[name], 2) for name in peer},
        "times_each_alone": round(sum(peer.values()) / sum(own[name] for name in peer), 2),
        "times_together": round(sum(peer.values()) / together, 2),
    }


def plot(result: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    labels, values = [], []
    for peer in PEERS:
        for name, times in result.get(peer, {}).get("times", {}).items():
            labels.append(f"{name} ({peer})")
            values.append(times)
    axes.barh(labels, values, color="#4c78a8")
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("processor time of the peer over ours (higher: ours is faster)")
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, help="folder of real pairs")
    parser.add_argument("--opusfilter", help="python of an environment with opusfilter==3.3.1")
    parser.add_argument("--datatrove", help="python of an environment with datatrove[processing]==0.10.1 and spacy")
    options = parser.parse_args()
    rows = real_pairs(options.data)["ar"]
    result: dict[str, Any] = {
        "rows": len(rows),
        "characters": {
            "source": round(sum(len(source) for source, _ in rows) / len(rows), 1),
            "target": round(sum(len(target) for _, target in rows) / len(rows), 1),
        },
        "default_set": [default_set(rows, processes) for processes in sorted({1, os.cpu_count() or 1})],
    }
    few = random.Random(0).sample(rows, SIDE_BY_SIDE)
    own = each_check(few, (*DEFAULT, "pii"))
    result["rows_per_processor_second"] = round(len(few) / each_check(few, DEFAULT)["all"])
    result["load_average"] = os.getloadavg()[0]
    result["microseconds"] = {name: round(1e6 * seconds / len(few), 2) for name, seconds in own.items()}
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps(pair, ensure_ascii=False) + "\n" for pair in few)
        file.flush()
        for peer, script in PEERS.items():
            if python := getattr(options, peer):
                result[peer] = beside(python, script, file.name, few, own)
    print(json.dumps(result, indent=1))
    written = save("checks_speed", result)
    plot(result, written.with_suffix(".svg"))


if __name__ == "__main__":
    main()
