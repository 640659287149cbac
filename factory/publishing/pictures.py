"""The pictures of cards as small SVGs, drawn from what manifests say: the loss of trainings, shares of a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from factory.publishing.cards.text import environment, share

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 32
LINES = 4
BAR, NAMES, NUMBERS = 24, 230, 120  # height of a bar's line; room for what stands left and right of bars


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


def shares_svg(groups: Mapping[str, Mapping[str, int]]) -> bytes:
    """Bars of the parts of several wholes; `groups` maps a title to {part: count}. The first part is the good one."""
    titles: list[tuple[int, str]] = []
    bars: list[dict[str, Any]] = []
    y = TOP
    for title, counts in groups.items():
        titles.append((y + 12, title))
        whole, y = sum(counts.values()), y + BAR
        for place, (name, count) in enumerate(counts.items()):
            width = round((WIDTH - NAMES - NUMBERS) * count / max(whole, 1), 1)
            shown = {"name": name, "count": count, "share": share(count, whole)}
            bars.append({**shown, "y": y, "width": max(width, 1.0 if count else 0.0), "first": place == 0})
            y += BAR
        y += TOP
    context: dict[str, Any] = {"width": WIDTH, "height": y, "left": NAMES, "titles": titles, "bars": bars}
    return environment().get_template("shares.svg").render(**context).encode()
