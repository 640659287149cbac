"""Runs a command as a whole and measures it with all its children: wall seconds and peak resident memory."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

RESULTS = Path(__file__).parent / "results"
INTERVAL = 0.05  # seconds between looks at the memory of the process tree, which cost time themselves


@dataclass
class Measurement:
    """`peak_bytes` is the largest sum of proportional set sizes (shared pages counted once) over the tree.

    `cpu_seconds` of all its processes hardly depend on what else the machine does."""

    seconds: float
    peak_bytes: int
    exit_code: int
    output: str
    cpu_seconds: float = 0.0


def run(
    command: list[str],
    environment: dict[str, str] | None = None,
    cwd: Path | None = None,
    interval: float = INTERVAL,
) -> Measurement:
    started, before = time.monotonic(), _cpu_of_children()
    process = subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak, done = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(interval):
            peak = max(peak, _tree_bytes(process.pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    output, _ = process.communicate()
    done.set()
    thread.join()
    seconds = time.monotonic() - started
    return Measurement(seconds, peak, process.returncode, output, _cpu_of_children() - before)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tree_bytes(pid: int) -> int:
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0
    total = 0
    for process in processes:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def machine() -> dict[str, Any]:
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "python": platform.python_version(),
    }


def save(name: str, content: dict[str, Any]) -> Path:
    """Write ``benchmarks/results/<name>.json`` with the machine and the date."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    document = {"date": time.strftime("%Y-%m-%d"), "machine": machine(), **content}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
