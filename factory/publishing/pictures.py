"""The loss of a training run as a small SVG, drawn from the manifest's curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factory.publishing.cards.text import environment

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 32
LINES = 4


def loss_svg(curves: dict[str, Sequence[Sequence[float]]]) -> bytes | None:
    """A line per run, its points joined on one axis of steps; None where nothing was recorded.

    `curves` maps a step's name to [[step, loss], …].
    """
    drawn = {name: [(float(x), float(y)) for x, y in curve] for name, curve in curves.items() if len(curve) > 1}
    if not drawn:
        return None
    points = [point for curve in drawn.values() for point in curve]
    last_step = max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    if high == low:
        low, high = low - 0.5, high + 0.5

    def x_of(step: float) -> float:
        return round(LEFT + step / last_step * (WIDTH - LEFT - RIGHT), 1)

    def y_of(loss: float) -> float:
        return round(TOP + (high - loss) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    ticks = [low + (high - low) * i / LINES for i in range(LINES + 1)]
    context: dict[str, Any] = {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "bottom": HEIGHT - BOTTOM,
        "last_step": f"{last_step:,.0f}",
        "ticks": [(y_of(value), f"{value:.3g}") for value in ticks],
        "curves": {name: " ".join(f"{x_of(x)},{y_of(y)}" for x, y in curve) for name, curve in drawn.items()},
    }
    return environment().get_template("loss.svg").render(**context).encode()
