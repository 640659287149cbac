"""Seconds that a load of 45,000 rows of JSON (20 MB) costs, beside `datasets` on a clean file of the same size.

python benchmarks/loading/run.py

Each load is a process of its own, `RUNS` of each in turns. A clean file has one schema. In a mixed one messages differ
in their keys, arguments of tools are text or objects, one column is numbers and text, one is null for half the file.
Both write what they read to disk: shards of Parquet here, Arrow in the cache of `datasets`. Seconds are of the load
alone, without imports: on the clock, and of all processors. What was read is compared with what was written.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import save

from factory.store import Dataset

ROWS, BYTES, RUNS = 45_000, 20_000_000, 5
SENTENCE = "the river runs through a valley where people grow olives and tell each other stories of the sea"
WORDS = SENTENCE.split()

OURS = """
import json, sys, time
import datasets, pyarrow.json, pyarrow.parquet
from pathlib import Path
from factory.graph.sources import local_dataset
from factory.profile import Profile
from factory.step.job import Job
from factory.step.progress import quiet
file, out = map(Path, sys.argv[1:])
out.mkdir(parents=True)
started, worked = time.monotonic(), time.process_time()
job = Job("load", out, None, {}, Profile(), quiet(), {})
local_dataset(file, "train").run(job)
print(time.monotonic() - started, time.process_time() - worked)
"""
THEIRS = """
import sys, time
import datasets, pandas, pyarrow.json, pyarrow.parquet
datasets.disable_progress_bars()
file, out = sys.argv[1:]
started, worked = time.monotonic(), time.process_time()
datasets.load_dataset("json", data_files=file, split="train", cache_dir=out)
print(time.monotonic() - started, time.process_time() - worked)
"""


def text(number: int, words: int) -> str:
    return " ".join(WORDS[(number * 7 + place * 5) % len(WORDS)] for place in range(words))


def clean(number: int) -> dict[str, Any]:
    turns = [{"role": "user", "content": text(number, 20)}, {"role": "assistant", "content": text(number + 1, 38)}]
    return {"id": number, "score": number / 7, "source": f"part {number % 9}", "messages": turns}


def mixed(number: int) -> dict[str, Any]:
    row = clean(number)
    user, assistant = row["messages"]
    if number % 3 == 0:
        user["weight"] = 0
    if number % 4 == 0:
        arguments = {"city": WORDS[number % 7]}
        called = arguments if number % 8 else json.dumps(arguments)
        assistant["tool_calls"] = [{"function": {"name": "look", "arguments": called}}]
    meta = {} if number % 5 else {f"k{number % 10}": number}
    return row | {
        "id": number if number % 2 else f"n{number}",
        "late": None if number < ROWS // 2 else "x",
        "meta": meta,
    }


def write(path: Path, make: Callable[[int], dict[str, Any]]) -> list[dict[str, Any]]:
    """`ROWS` rows of about `BYTES` together."""
    rows = [make(number) for number in range(ROWS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return rows


def seconds(code: str, file: Path, out: Path) -> list[float]:
    """On the clock, and of all processors."""
    found = subprocess.run([sys.executable, "-c", code, str(file), str(out)], capture_output=True, text=True)
    if found.returncode:
        sys.exit(found.stderr)
    return [float(number) for number in found.stdout.split()[-2:]]


def is_as_written(out: Path, rows: list[dict[str, Any]]) -> bool:
    wanted = (row | {"id": str(row["id"])} for row in rows)
    return all(one == other for one, other in zip(Dataset(out).rows(), wanted, strict=True))


def main() -> None:
    found: dict[str, list[list[float]]] = {"datasets_clean": [], "clean": [], "mixed": []}
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{name}.jsonl" for name in ("clean", "mixed")}
        write(files["clean"], clean)
        rows = write(files["mixed"], mixed)
        for number in range(RUNS):
            found["datasets_clean"].append(seconds(THEIRS, files["clean"], Path(folder) / f"theirs-{number}"))
            for name, file in files.items():
                found[name].append(seconds(OURS, file, Path(folder) / f"{name}-{number}"))
        sizes = {name: file.stat().st_size for name, file in files.items()}
        same = is_as_written(Path(folder) / "mixed-0", rows)
    result: dict[str, Any] = {"rows": ROWS, "bytes": sizes, "runs": RUNS, "as_written": same}
    for place, kind in enumerate(("wall", "processor")):
        medians = {name: statistics.median(run[place] for run in runs) for name, runs in found.items()}
        result[f"{kind}_seconds"] = {name: round(median, 3) for name, median in medians.items()}
        result[f"{kind}_mixed_to_datasets"] = round(medians["mixed"] / medians["datasets_clean"], 2)
    print(json.dumps(result, indent=2))
    print(save("loading", result))


if __name__ == "__main__":
    main()
