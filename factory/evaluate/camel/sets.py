"""The 44 sets of CAMEL-Bench, a row each in ``sets.tsv``."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from factory.evaluate.base import Scoring
from factory.evaluate.camel import clean, published

JUDGED = "judged"
SPLIT = "train"
DOMAINS = {
    "vqa": "Multimodal Understanding and Reasoning",
    "ocr": "OCR and Document Understanding",
    "video": "Video and Multi-Image Understanding",
    "remote sensing": "Remote Sensing Understanding",
    "charts": "Chart, Diagram and Table Understanding",
    "agriculture": "Agricultural Image Understanding",
    "culture": "Cultural-Specific Understanding",
    "medical": "Medical Image Understanding",
}
"""Name in scores and gates -> the paper's. In the order of AIN's table."""


@dataclass(frozen=True)
class CamelSet:
    """One set.

    Attributes:
        domain: a key of `DOMAINS`. No script of the original says which; see docs/camel-bench.md.
        rule: a name in `published.RULES` and `clean.RULES`, ``edit`` with its `limit`, or ``judged``.
        question: how it asks: a function of `questions`.
        images: ``one`` (column image) or ``several`` (columns image_0 to image_8).
    """

    name: str
    repo: str
    domain: str
    rule: str
    limit: float | None
    question: str
    images: str

    def scorer(self, scoring: Scoring) -> Callable[[str, str], bool | None] | None:
        """(answer, right answer) -> whether it passes; None where only a judge can say."""
        room = published if scoring == "published" else clean
        if self.rule == "edit":
            assert self.limit is not None, f"{self.name} has no limit"
            return room.edit(self.limit)
        return room.RULES.get(self.rule)


@cache
def camel_sets() -> dict[str, CamelSet]:
    """All of them by name, in the order of the original."""
    with Path(__file__).with_name("sets.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {row["name"]: CamelSet(limit=float(row.pop("limit") or 0) or None, **row) for row in rows}
