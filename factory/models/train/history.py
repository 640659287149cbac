"""What a training run says: reports while it goes on, and what its log means afterwards."""

from collections.abc import Callable
from typing import Any

Report = Callable[[dict[str, Any]], None]
"""Takes what happened: {resumed} steps of an earlier run, {step} done, {loss, tokens} logged; `total` steps."""


def tokens_seen(log_history: list[dict[str, Any]]) -> int:
    """Tokens of the whole run: TRL counts from 0 again when a run is resumed, so a falling value begins a new part.

    A part's tokens are those at its last log; logging comes before every checkpoint, so none lie between.
    """
    total = last = 0
    for entry in log_history:
        if "num_tokens" in entry:
            if entry["num_tokens"] < last:
                total += last
            last = int(entry["num_tokens"])
    return total + last


def loss_metrics(log_history: list[dict[str, Any]]) -> dict[str, Any]:
    """{first, last, curve: [[step, loss], …]} with each loss the mean since the point before."""
    curve = [[entry["step"], round(float(entry["loss"]), 6)] for entry in log_history if "loss" in entry]
    return {"first": curve[0][1], "last": curve[-1][1], "curve": curve} if curve else {}


def held_out_loss(log_history: list[dict[str, Any]], saved: float, stops_early: bool) -> dict[str, Any]:
    """{before, after, curve} of the loss on held-out rows; `after` is that of the `saved` model.

    With early stop the weights of the lowest after the start are kept, and `best_step` says when it was.
    """
    curve = held_out_curve(log_history)
    found = {"before": curve[0][1], "after": round(saved, 6), "curve": curve}
    best = min(curve[1:] or curve, key=lambda point: point[1])
    return found | {"best_step": best[0]} if stops_early else found


def last_losses(log_history: list[dict[str, Any]]) -> dict[str, float]:
    """{eval_loss or eval_<name>_loss: the last one measured}, which is of the weights that are kept."""
    found = [(name, value) for entry in log_history for name, value in entry.items()]
    return {name: value for name, value in found if name.startswith("eval_") and name.endswith("loss")}


def held_out_curve(log_history: list[dict[str, Any]], key: str = "eval_loss") -> list[list[float]]:
    """[[step, value], …] of what was measured on held-out rows; of two at one step, the later one."""
    found = {entry["step"]: round(float(entry[key]), 6) for entry in log_history if key in entry}
    return [[step, value] for step, value in sorted(found.items())]
