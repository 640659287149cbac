"""What the checks outside the default set find in ordinary texts: false positives, and the range of compression.

    python benchmarks/checks/false_positives.py DATA

DATA holds ``flores200/{eng_Latn,arb_Arab}.devtest`` and ``parallel/train.en-ar.tsv`` (source, tab, target). What is
found there is printed, so that one can see whether it is a false positive; only the counts are kept.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.measure import save
from factory.checks import parse_check

JOINED = 10  # sentences that make one text of usual length


def read(data: Path) -> dict[str, list[str]]:
    pairs = [line.split("\t")[:2] for line in (data / "parallel" / "train.en-ar.tsv").read_text("utf-8").splitlines()]
    flores = {
        f"flores200 {language}": (data / "flores200" / f"{name}.devtest").read_text("utf-8").splitlines()
        for language, name in (("en", "eng_Latn"), ("ar", "arb_Arab"))
    }
    return {**flores, "tatoeba en": [pair[0] for pair in pairs], "tatoeba ar": [pair[-1] for pair in pairs]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    result: dict[str, Any] = {}
    for name, texts in read(parser.parse_args().data).items():
        result[name] = {"texts": len(texts)}
        for check in map(parse_check, ("toxicity", "pii")):
            scores = check.scores([None] * len(texts), texts)
            found = [text for text, score in zip(texts, scores, strict=True) if score]
            result[name][check.name] = len(found)
            print(name, check.name, *found, sep="\n  ")
        joined = [" ".join(texts[start : start + JOINED]) for start in range(0, len(texts) - JOINED + 1, JOINED)]
        scores = sorted(score for text in joined if (score := parse_check("compression").score(None, text)) < 1)
        result[name]["compression"] = {
            "texts": len(scores),
            "least": round(scores[0], 3),
            "median": round(scores[len(scores) // 2], 3),
            "most": round(scores[-1], 3),
        }
    print(save("checks_false_positives", result).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
