"""Two models side by side under no name: which pair comes next, what was voted, and who wins how often."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from factory.evaluate.proportions import wilson
from keeping import Keeping

VOTES = ("left", "right", "tie", "both_bad")


class Ballots:
    """The votes in one file of JSON lines."""

    def __init__(self, kept: Keeping) -> None:
        self.file = kept.folder / "votes.jsonl"
        self._lock = kept.lock

    def add(self, vote: str, left: str, right: str, **more: Any) -> None:
        """Write one vote down, with what it was about.

        Raises:
            ValueError: `vote` is none of `VOTES`.
        """
        if vote not in VOTES:
            raise ValueError(f"no vote: {vote}")
        row = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "left": left, "right": right, "vote": vote}
        with self._lock, self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**row, **more}, ensure_ascii=False) + "\n")

    def rows(self) -> list[dict[str, Any]]:
        """Every vote, the first one first."""
        if not self.file.exists():
            return []
        with self._lock:
            return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]


def pair(names: list[str]) -> tuple[str, str]:
    """Two different models, each as likely as the others to stand left or right."""
    left, right = random.sample(names, 2)
    return left, right


def standings(votes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per model ``{model, votes, wins, rate, low, high}``, the best first.

    A tie counts half for both, "both bad" for neither but as a vote. `rate` is wins of votes in percent, `low` and
    `high` its 95 % Wilson interval (Wilson 1927).
    """
    wins: defaultdict[str, float] = defaultdict(float)
    total: Counter[str] = Counter()
    for vote in votes:
        total.update((vote["left"], vote["right"]))
        if vote["vote"] in ("left", "right"):
            wins[vote[vote["vote"]]] += 1
        elif vote["vote"] == "tie":
            wins[vote["left"]] += 0.5
            wins[vote["right"]] += 0.5
    found = [{"model": name, "votes": n, "wins": wins[name], **_rate(wins[name], n)} for name, n in total.items()]
    return sorted(found, key=lambda row: -row["rate"])


def _rate(wins: float, n: int) -> dict[str, float]:
    low, high = wilson(wins, n)
    return {"rate": 100 * wins / n, "low": 100 * low, "high": 100 * high}
