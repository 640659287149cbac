"""The pictures of cards as small SVGs, drawn from what manifests say: losses of trainings, scores, shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from factory.publishing.cards.text import environment, number, share

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 32
LINES = 4
FIRST, OTHER, GOOD, BAD = "#2563eb", "#9ca3af", "#059669", "#dc2626"
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


@dataclass(frozen=True)
class Bar:
    """One bar: what stands beside it, how long it is, its colour, and the ends of its interval, if it has one."""

    name: str
    value: float
    text: str
    fill: str
    interval: tuple[float, float] | None = None


def shares_svg(groups: Mapping[str, Mapping[str, int]]) -> bytes:
    """Bars of the parts of several wholes; `groups` maps a title to {part: count}. The first part is the good one."""
    bars = {}
    for title, counts in groups.items():
        whole = sum(counts.values())
        bars[title] = [
            Bar(name, count, f"{number(count)} ({share(count, whole)})", GOOD if place == 0 else BAD)
            for place, (name, count) in enumerate(counts.items())
        ]
    return bars_svg(bars, {title: sum(counts.values()) for title, counts in groups.items()})


def bars_svg(groups: Mapping[str, Sequence[Bar]], wholes: Mapping[str, float] | None = None) -> bytes:
    """Bars in groups, each with a title. The full width is a group's whole, by default its longest bar or interval."""
    titles: list[tuple[int, str]] = []
    drawn: list[dict[str, Any]] = []
    y = TOP
    for title, bars in groups.items():
        titles.append((y + 12, title))
        y += BAR
        ends = [bar.value for bar in bars] + [bar.interval[1] for bar in bars if bar.interval]
        whole = (wholes or {}).get(title) or max(ends, default=0) or 1
        for bar in bars:
            width, *ends = (
                round((WIDTH - NAMES - NUMBERS) * max(value, 0) / whole, 1)
                for value in (bar.value, *(bar.interval or ()))
            )
            interval = [NAMES + end for end in ends]
            after = max([NAMES + width, *interval]) + 6
            width = max(width, 1.0 if bar.value else 0.0)
            drawn.append({**asdict(bar), "y": y, "width": width, "interval": interval, "after": after})
            y += BAR
        y += TOP
    context: dict[str, Any] = {"width": WIDTH, "height": y, "left": NAMES, "titles": titles, "bars": drawn}
    return environment().get_template("bars.svg").render(**context).encode()
