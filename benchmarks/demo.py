"""`make demo` after the install: seconds and peak memory of a first run and of a repeat with nothing changed.

python benchmarks/demo.py
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

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
        example = first_pair(Path(folder))
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
            "example": example,
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
    update_readme(json.loads(path.read_text(encoding="utf-8")))
    print(path.read_text(encoding="utf-8"))


def first_pair(store: Path) -> dict[str, str]:
    """The first row of demo-opus-ar, the pairs that the judge accepted: {en, ar}."""
    import pyarrow.parquet as pq

    (shard,) = sorted((store / "opus-ar").glob("04-columns-*/data/train-00000.parquet"))
    return pq.read_table(shard).slice(0, 1).to_pylist()[0]


def update_readme(results: dict[str, Any]) -> None:
    """Put the scores and times between the README's markers."""
    lines = ["| measured | model | score | 95 % interval | n |", "| --- | --- | ---: | --- | ---: |"]
    for row in results["scores"]:
        interval = f"{row['low']:.1f} to {row['high']:.1f}"
        lines.append(
            f"| {row['suite']} ({row['name']}) | {row['model']} | {row['value']:.1f} | {interval} | {row['n']} |"
        )
    first, repeat, example = results["first_run"], results["repeat"], results["example"]
    lines += [
        "",
        f"The first pair of the published `demo-opus-ar`: *{example['en']}* – {example['ar']}",
        "",
        f"The whole run took {first['seconds'] / 60:.1f} minutes and {first['peak_gb']:.1f} GB at its peak;",
        f"a repeat with nothing changed took {repeat['seconds']:.1f} s, built {repeat['steps_built']} steps and made"
        f" {repeat['commits']} commits.",
    ]
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition("<!-- demo-results -->\n")
    after = rest.partition("<!-- /demo-results -->")[2]
    text = f"{before}<!-- demo-results -->\n" + "\n".join(lines) + f"\n<!-- /demo-results -->{after}"
    readme.write_text(text, encoding="utf-8")


def _checked(measured: Measurement) -> Measurement:
    if measured.exit_code != 0:
        raise SystemExit(measured.output)
    return measured


if __name__ == "__main__":
    main()
