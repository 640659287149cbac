"""Limits suggested from scores: what share of the rows each limit would drop."""

import math
from typing import Any

from factory.arrays import np
from factory.checks.base import Check

SHARES = (0.001, 0.005, 0.01, 0.02, 0.05)  # of the rows with a score that a limit may drop


def suggest(check: Check, scores: Any) -> dict[str, Any]:
    """For a check and an array of scores: what its limit drops, and for each of `SHARES` the strictest limit that
    drops no more, with what it does drop (scores repeat, so it may be far less).

    NaN stands for no score and is left out.
    """
    scores = np.asarray(scores, dtype=float)
    scores = np.sort(scores[~np.isnan(scores)])
    entry: dict[str, Any] = {"check": check.name, "direction": check.direction, "limit": check.limit, "n": len(scores)}
    if not len(scores):
        return {**entry, "drops": 0.0, "limits": []}
    entry["drops"] = _dropped(scores, check.limit, check.direction)
    entry["percentiles"] = {f"p{p}": round(float(np.percentile(scores, p)), 4) for p in (1, 5, 50, 95, 99)}
    entry["limits"] = []
    for share in SHARES:
        rank = int(share * len(scores))
        limit = float(scores[rank] if check.direction == "min" else scores[len(scores) - 1 - rank])
        entry["limits"].append({"share": share, "limit": _short(limit, check.direction)})
        entry["limits"][-1]["drops"] = _dropped(scores, entry["limits"][-1]["limit"], check.direction)
    return entry


def _short(limit: float, direction: str) -> float:
    """Three digits after the point, rounded to the side on which the score itself is accepted."""
    return (math.floor if direction == "min" else math.ceil)(limit * 1000) / 1000


def _dropped(scores: Any, limit: float, direction: str) -> float:
    """Share of scores on the bad side of the limit."""
    return round(float((scores < limit if direction == "min" else scores > limit).mean()), 6)
