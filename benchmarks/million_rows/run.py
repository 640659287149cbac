"""Peak memory and time of the dataset verbs by rows: `python benchmarks/million_rows/run.py 100000 1000000`.

Writes benchmarks/results/million_rows.json and .svg. Memory is the sum of proportional set sizes over the whole
process tree. Memory and CPU seconds also by the step at work when they were measured: whether time is linear is told
by CPU seconds, which other work on the machine disturbs less than those of the clock.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import psutil  # noqa: E402
from measure import RESULTS, _tree_bytes, save  # noqa: E402
from rows import write  # noqa: E402

INTERVAL = 0.2  # seconds between looks


def measure(count: int, folder: Path) -> dict[str, Any]:
    """Build the recipe over `count` rows in `folder`."""
    write(folder / "rows.parquet", count)
    (folder / "model").mkdir()
    (folder / "model" / "config.json").write_text('{"model_type": "llama"}')
    shutil.copy(HERE / "recipe.yaml", folder)
    command = [sys.executable, str(HERE / "work.py"), "build", "recipe.yaml", "--store", "store", "--hub", "local"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    started = time.monotonic()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        peaks: dict[str, int] = {}
        work: dict[str, float] = {}
        done = threading.Event()

        def watch() -> None:
            before = 0.0
            while not done.wait(INTERVAL):
                step = _at_work(folder / "store")
                peaks[step] = max(peaks.get(step, 0), _tree_bytes(process.pid))
                now = max(_tree_cpu(process.pid), before)
                work[step], before = work.get(step, 0.0) + now - before, now

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        code = process.wait()
        done.set()
        thread.join()
    seconds = time.monotonic() - started
    if code:
        raise SystemExit((folder / "log").read_text()[-3000:])
    steps = _steps(folder / "store", peaks, work)
    return {
        "rows": count,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(sum(work.values()), 1),
        "peak_mb": round(max(peaks.values()) / 1e6, 1),
        "steps": steps,
    }


def _tree_cpu(pid: int) -> float:
    """CPU seconds of the process, of its children and of those that have ended."""
    try:
        root = psutil.Process(pid)
        own = root.cpu_times()
        total = own.user + own.system + own.children_user + own.children_system
        children = root.children(recursive=True)
    except psutil.Error:
        return 0.0
    for child in children:
        try:
            times = child.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def _at_work(store: Path) -> str:
    found = sorted(store.glob("*/*.partial"), key=lambda path: path.stat().st_mtime if path.exists() else 0)
    return _name(found[-1].parent.name, found[-1].name) if found else "between steps"


def _name(artifact: str, folder: str) -> str:
    return f"{artifact}/{folder.rpartition('-')[0]}"


def _steps(store: Path, peaks: dict[str, int], work: dict[str, float]) -> list[dict[str, Any]]:
    found = []
    for path in sorted(store.glob("*/*/manifest.json"), key=lambda path: path.stat().st_mtime):
        manifest = json.loads(path.read_text())
        if not (rows := manifest["rows"]):
            continue
        name = _name(path.parent.parent.name, path.parent.name)
        assert rows["in"] == rows["kept"] + rows["rejected"] + rows["failed"], name
        counts = {key: rows[key] for key in ("in", "kept", "rejected", "failed")}
        peak = peaks.get(name)
        found.append(
            {
                "step": name,
                **counts,
                "seconds": manifest["usage"]["seconds"],
                "cpu_seconds": round(work.get(name, 0.0), 1),
                "peak_mb": round(peak / 1e6, 1) if peak else None,
            }
        )
    return found


def plot(runs: list[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, (memory, seconds) = plt.subplots(1, 2, figsize=(10, 3.6))
    names = [step["step"] for step in runs[-1]["steps"]]
    width = 0.8 / len(runs)
    for number, run in enumerate(runs):
        places = [i + number * width for i in range(len(names))]
        peaks = {step["step"]: step["peak_mb"] or 0 for step in run["steps"]}
        times = {step["step"]: step["cpu_seconds"] / run["rows"] * 1e6 for step in run["steps"]}
        memory.barh(places, [peaks.get(name, 0) for name in names], width, label=f"{run['rows']:,} rows")
        seconds.barh(places, [times.get(name, 0) for name in names], width, label=f"{run['rows']:,} rows")
    for axes, title in ((memory, "peak memory of the process tree, MB"), (seconds, "CPU seconds per million rows")):
        axes.set_yticks([i + 0.4 - width / 2 for i in range(len(names))], names, fontsize=8)
        axes.set_title(title, fontsize=10)
        axes.invert_yaxis()
    seconds.set_yticklabels([])
    memory.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)


def main(counts: list[int]) -> None:
    runs = []
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="million-rows-") as folder:
            runs.append(measure(count, Path(folder)))
        print(json.dumps({key: runs[-1][key] for key in ("rows", "seconds", "cpu_seconds", "peak_mb")}), flush=True)
        for step in runs[-1]["steps"]:
            print("  ", json.dumps(step), flush=True)
    first, last = runs[0], runs[-1]
    save(
        "million_rows",
        {
            "runs": runs,
            "memory_ratio": round(last["peak_mb"] / first["peak_mb"], 3),
            "cpu_per_row_ratio": round(last["cpu_seconds"] / last["rows"] / (first["cpu_seconds"] / first["rows"]), 3),
        },
    )
    plot(runs, RESULTS / "million_rows.svg")


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [100_000, 1_000_000])
