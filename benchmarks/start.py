"""`import factory` and `--help` of every command: processor seconds (user and system), beside Python alone.

    python benchmarks/start.py

The lowest of ten runs each, which depends least on what else the machine does, and the median. 0.15 s were asked for.
"""

from __future__ import annotations

import statistics
import sys

from measure import run, save

from factory.cli import main as command_line

RUNS, LIMIT = 10, 0.15  # seconds


def main() -> None:
    asked = {"python -c pass": ["-c", "pass"], "import factory": ["-c", "import factory"]}
    for words in ([], *([name] for name in sorted(command_line.commands))):
        asked[" ".join(["factory", *words, "--help"])] = ["-m", "factory", *words, "--help"]
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(RUNS):  # in turn, so that a busy minute of the machine is nobody's alone
        for name, arguments in asked.items():
            taken[name].append(run([sys.executable, *arguments]).cpu_seconds)
    results = {}
    for name, seconds in taken.items():
        lowest = min(seconds)
        results[name] = {
            "lowest": round(lowest, 3),
            "median": round(statistics.median(seconds), 3),
            "within_limit": lowest <= LIMIT,
        }
        print(name, results[name])
    print(save("start", {"runs": RUNS, "limit_seconds": LIMIT, "cpu_seconds": results}))


if __name__ == "__main__":
    main()
