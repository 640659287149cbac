"""CAMEL-Bench's rule for recognised text on real lines: the suite's numbers beside a count by the rule's definition.

python benchmarks/camel_ocr.py DATA, a folder with ocr/lines.jsonl of {text, ocr_hyp}: gold text, and what was read
"""

from __future__ import annotations

import json
import sys
import unicodedata
from fractions import Fraction
from pathlib import Path
from typing import Any

from measure import save

from factory.evaluate.camel.scoring import outcome, set_score
from factory.evaluate.camel.sets import CamelSet, Scoring, camel_sets


def edits(first: bytes | str, second: bytes | str) -> int:
    """Levenshtein's distance, row by row (Wagner & Fischer 1974): no library, no limit."""
    row = list(range(len(second) + 1))
    for i, one in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(second, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (one != other))
    return row[-1]


def published_rate(read: str, gold: str) -> Fraction:
    """Bytes, a limit in characters, the longer text's characters below the line."""
    read, gold = read.strip(), gold.strip()
    longer = max(len(read), len(gold))
    limit = min(1000, longer)
    return Fraction(min(edits(read.encode(), gold.encode()), limit + 1), longer)


def clean_rate(read: str, gold: str) -> Fraction:
    """Characters, without marks of vowels, tatweel and direction; digits of one form; single spaces."""
    read, gold = plain(read), plain(gold)
    return Fraction(edits(read, gold), max(len(read), len(gold), 1))


def plain(text: str) -> str:
    kept = (c for c in text if not (unicodedata.category(c) in ("Mn", "Cf") or c == "ـ"))
    return " ".join("".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in kept).split())


RATES = {"published": published_rate, "clean": clean_rate}


def suite(chosen: CamelSet, scoring: Scoring, rows: list[dict[str, Any]]) -> tuple[int, int]:
    entries = [{"output": row["ocr_hyp"], "right": row["text"], "failure": None} for row in rows]
    score = set_score(chosen, [outcome(chosen, scoring, entry) for entry in entries], scoring)
    assert score is not None
    return round(score.value * score.n / 100), score.n


def main() -> None:
    path = Path(sys.argv[1]) / "ocr" / "lines.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    found: dict[str, Any] = {"lines": len(rows), "sets": {}}
    for name, chosen in camel_sets().items():
        if chosen.limit is None:
            continue
        limit = Fraction(str(chosen.limit))
        of_set: dict[str, Any] = {"limit": chosen.limit}
        for scoring, rate in RATES.items():
            by_hand = sum(rate(row["ocr_hyp"], row["text"]) <= limit for row in rows)
            passed, n = suite(chosen, scoring, rows)
            of_set[scoring] = {"passed": passed, "by_hand": by_hand, "n": n, "percent": round(100 * passed / n, 2)}
            assert (passed, n) == (by_hand, len(rows)), f"{name}, {scoring}: {passed} of {n}, by hand {by_hand}"
        found["sets"][name] = of_set
        print(name, of_set)
    print(save("camel_ocr", found))


if __name__ == "__main__":
    main()
