"""Precision and recall of the default checks on labelled.jsonl, for both halves and every way of failing.

    python benchmarks/checks/quality.py [--good NAME=FILE.tsv …]

Each FILE.tsv holds pairs taken to be good (source, tab, target) that do not belong to the project; what share of them
is rejected is written beside. Precision is on the labelled set's own mix of good and broken pairs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.measure import save
from factory.checks import DEFAULT, parse_check
from factory.look.pairs import Judged, judge
from factory.steps.filter import Filter

HERE = Path(__file__).parent


def judged(pairs: list[tuple[str, str]]) -> list[Judged]:
    checks = [parse_check(name).in_language("ar", "en") for name in DEFAULT]
    sources, targets = [source for source, _ in pairs], [target for _, target in pairs]
    checks = [check.survey([(sources, targets)]) if check.surveys else check for check in checks]
    return judge(Filter.model_validate({"checks": checks}), sources, targets)


def measure(rows: list[dict[str, str]], outcomes: list[Judged]) -> dict[str, Any]:
    kinds: dict[str, list[bool]] = defaultdict(list)
    by: dict[str, Counter[str]] = defaultdict(Counter)
    for row, outcome in zip(rows, outcomes, strict=True):
        kind = "good" if row["label"] == "good" else row["kind"]
        kinds[kind].append(outcome.verdict != "kept")
        by[kind].update(outcome.refused)
    good = kinds.pop("good")
    caught = sum(map(sum, kinds.values()))
    broken = sum(map(len, kinds.values()))
    return {
        "good": len(good),
        "good_rejected": sum(good),
        "broken": broken,
        "broken_rejected": caught,
        "precision": round(caught / (caught + sum(good)), 4),
        "recall": round(caught / broken, 4),
        "recall_by_class": {
            kind: {"n": len(found), "recall": round(sum(found) / len(found), 3), "by": dict(by[kind].most_common(4))}
            for kind, found in sorted(kinds.items())
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--good", action="append", default=[], metavar="NAME=FILE.tsv")
    parser.add_argument("--show", metavar="HALF", help="print what is wrong in this half (for tuning)")
    options = parser.parse_args()
    rows = [json.loads(line) for line in (HERE / "labelled.jsonl").read_text(encoding="utf-8").splitlines()]
    outcomes = judged([(row["source"], row["target"]) for row in rows])
    result: dict[str, Any] = {}
    for half in ("tuning", "held_out"):
        chosen = [index for index, row in enumerate(rows) if row["half"] == half]
        result[half] = measure([rows[index] for index in chosen], [outcomes[index] for index in chosen])
    if options.show:
        for row, outcome in zip(rows, outcomes, strict=True):
            if row["half"] == options.show and (row["label"] == "good") != (outcome.verdict == "kept"):
                print(row["kind"], outcome.reasons, repr(row["source"]), repr(row["target"]))
    for named in options.good:
        name, _, path = named.partition("=")
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        pairs = [(fields[0], fields[1]) for line in lines if len(fields := line.split("\t")) > 1]
        refused = judged(pairs)
        reasons = Counter(name for outcome in refused for name in outcome.refused)
        rejected = sum(outcome.verdict != "kept" for outcome in refused)
        result[name] = {
            "pairs": len(pairs),
            "rejected": rejected,
            "share": round(rejected / len(pairs), 5),
            "by": dict(reasons.most_common()),
        }
    print(json.dumps(result, indent=1, ensure_ascii=False))
    if not options.show:
        save("checks_quality", result)


if __name__ == "__main__":
    main()
