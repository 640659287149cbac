"""`make demo` after the install: seconds and peak memory of a first run and of a repeat with nothing changed.

python benchmarks/demo.py
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

from measure import Measurement, run, save

ROOT = Path(__file__).parent.parent
FACTORY = [sys.executable, "-m", "factory"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [*FACTORY, "publish", "recipes/demo.yaml", "--hub", "local", "--store", folder]
        first = _checked(run(command, cwd=ROOT))
        print(first.output)
        repeats = [_checked(run([*command, "--json"], cwd=ROOT)) for _ in range(3)]
        document = json.loads(repeats[-1].output[repeats[-1].output.index("{") :])
    helps = [_checked(run([*FACTORY, "--help"], cwd=ROOT)).seconds for _ in range(7)]
    path = save(
        "demo",
        {
            "first_run": {"seconds": round(first.seconds, 1), "peak_gb": round(first.peak_bytes / 1e9, 2)},
            "repeat": {
                "seconds": round(statistics.median(r.seconds for r in repeats), 2),
                "steps_built": len(document["built"]),
                "commits": sum(repo["changed"] for repo in document["pushed"].values()),
            },
            "help_seconds": round(statistics.median(helps), 3),
            "scores": [
                {
                    "suite": entry["suite"],
                    "model": entry["model"],
                    **{k: entry["scores"][entry["headline"]].get(k) for k in ("name", "value", "low", "high", "n")},
                }
                for entry in document["scores"]
            ],
        },
    )
    print(path.read_text())


def _checked(measured: Measurement) -> Measurement:
    if measured.exit_code != 0:
        raise SystemExit(measured.output)
    return measured


if __name__ == "__main__":
    main()
