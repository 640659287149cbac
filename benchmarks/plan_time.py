"""`factory plan` of every shipped recipe with an empty store and no network: wall seconds, the median of five.

python benchmarks/plan_time.py
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from measure import run, save

ROOT = Path(__file__).parent.parent
RUNS = 5
LIMIT = 2.0  # seconds that a plan may take


def main() -> None:
    results = {}
    for recipe in sorted((ROOT / "recipes").glob("*.yaml")):
        with tempfile.TemporaryDirectory() as store:
            command = [sys.executable, "-m", "factory", "plan", str(recipe), "--store", store]
            environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": store}
            found = [run(command, environment, cwd=ROOT) for _ in range(RUNS)]
        if found[0].exit_code:
            sys.exit(f"{recipe.name}: {found[0].output}")
        seconds = statistics.median(one.seconds for one in found)
        results[recipe.stem] = {
            "seconds": round(seconds, 2),
            "peak_mb": round(max(one.peak_bytes for one in found) / 1e6),
            "within_limit": seconds <= LIMIT,
        }
        print(recipe.stem, results[recipe.stem])
    print(save("plan_time", {"runs": RUNS, "limit_seconds": LIMIT, "plans": results}))


if __name__ == "__main__":
    main()
