"""`factory check` with its default checks on some 40,000 real pairs, beside that of another checkout.

    python benchmarks/checks/command_speed.py DATA --other CHECKOUT [--rounds 3]

DATA is what `real_pairs` reads: a file of pairs for each language. Both checkouts run the command on all files, one
after the other in one process, in this script's Python, their modules compiled before; the two take turns, for several
rounds. What counts is processor time, the start of Python and the imports with it, the least of the rounds, so that
other work on the machine disturbs less. Peak memory is that of the process, on the largest file once and with more
times as many rows. Writes results/checks_command_speed.json and a plot.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.checks.real_pairs import Pair, real_pairs
from benchmarks.measure import run, save

ROOT = Path(__file__).resolve().parents[2]
START = "start"
MORE = 4  # times as many rows, for memory
# Runs the command on each LANGUAGE=FILE; prints the processor seconds after the imports and after each file.
RUN = """
import sys, time
import factory.commands.check
from factory.cli import main

print("seconds start", time.process_time())
for language, _, file in (given.partition("=") for given in sys.argv[1:]):
    columns = ["--source-column", "en", "--target-column", "out", "--source-language", "en"]
    out = ["--target-language", language, "--out", file + ".checked.jsonl", "--processes", "1", "--json"]
    main(["check", file, *columns, *out], standalone_mode=False)
    print("seconds", language, time.process_time())
"""


def write(path: Path, pairs: list[Pair]) -> Path:
    rows = (json.dumps({"en": source, "out": target}, ensure_ascii=False) + "\n" for source, target in pairs)
    path.write_text("".join(rows), encoding="utf-8")
    return path


def check(checkout: Path, files: dict[str, Path]) -> tuple[dict[str, float], int]:
    """Processor seconds of the start and of each file, and peak bytes."""
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(next(iter(files.values())).parent / "pyc")}
    command = [sys.executable, "-c", RUN, *(f"{language}={file}" for language, file in files.items())]
    done = run(command, {"PYTHONPATH": str(checkout), **compiled}, checkout)
    if done.exit_code:
        raise SystemExit(done.output)
    lines = (line.split() for line in done.output.splitlines() if line.startswith("seconds "))
    until = {name: float(seconds) for _, name, seconds in lines}
    before = dict(zip(until, [0.0, *until.values()], strict=False))
    return {name: until[name] - before[name] for name in until}, done.peak_bytes


def commit(checkout: Path) -> str:
    command = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def measure(sides: dict[str, Path], files: dict[str, Path], rounds: int) -> dict[str, dict[str, float]]:
    """Side -> start or language -> processor seconds, the least of all rounds."""
    found: dict[str, dict[str, float]] = {side: {} for side in sides}
    for checkout in sides.values():
        check(checkout, {"ar": files[START]})  # compiles the modules
    rest = {name: file for name, file in files.items() if name != START}
    for _ in range(rounds):
        for side, checkout in sides.items():
            for name, seconds in check(checkout, rest)[0].items():
                found[side][name] = min(round(seconds, 3), found[side].get(name, math.inf))
            print(side, round(sum(found[side].values()), 2), flush=True)
    return found


def plot(result: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 6))
    names = list(result["rows"])
    for place, (side, colour) in enumerate((("other", "#bbbbbb"), ("own", "#4c78a8"))):
        rates = [result["rows"][name] / result["files"][side][name] for name in names]
        axes.barh([number + 0.4 * place for number in range(len(names))], rates, 0.4, color=colour)
    axes.set_yticks([number + 0.2 for number in range(len(names))], names)
    axes.set_xlabel("rows a processor second, the start of the command left out")
    axes.legend([result["commits"]["other"], "this checkout"])
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--other", type=Path, required=True, help="another checkout of this project")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    pairs = real_pairs(options.data)
    sides = {"other": options.other.resolve(), "own": ROOT}
    with tempfile.TemporaryDirectory() as folder:
        files = {name: write(Path(folder) / f"{name}.jsonl", found) for name, found in pairs.items()}
        files[START] = write(Path(folder) / f"{START}.jsonl", pairs["ar"][:10])
        found = measure(sides, files, options.rounds)
        large = write(Path(folder) / "large.jsonl", pairs["ar"] * MORE)
        peaks = [check(ROOT, {"ar": file})[1] for file in (files["ar"], large)]
    rows = {name: len(found) for name, found in pairs.items()}
    total = sum(rows.values())
    rates = {side: round(total / sum(seconds.values())) for side, seconds in found.items()}
    result: dict[str, Any] = {
        "rows": rows,
        "total_rows": total,
        "commits": {side: commit(checkout) for side, checkout in sides.items()},
        "seconds": {side: round(sum(seconds.values()), 2) for side, seconds in found.items()},
        "rows_per_processor_second": rates,
        "times": round(rates["own"] / rates["other"], 2),
        "load_average": os.getloadavg()[0],
        "peak_mb": {"rows": round(peaks[0] / 1e6), f"{MORE} times the rows": round(peaks[1] / 1e6)},
        "files": found,
    }
    print(json.dumps({key: value for key, value in result.items() if key != "files"}, indent=1))
    plot(result, save("checks_command_speed", result).with_suffix(".svg"))


if __name__ == "__main__":
    main()
