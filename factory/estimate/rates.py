"""Numbers for estimates: those measured in a store first, then those of ``rates.yaml``, each with its source."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from factory.store import Manifest
from factory.text import yaml

TABLE = Path(__file__).with_name("rates.yaml")
ALIKE = 2.0  # a measured rate counts for models up to this many times larger or smaller
SHORTEST = 1.0  # seconds; below it, a measurement is mostly loading


@cache
def table() -> dict[str, Any]:
    """Content of rates.yaml."""
    return yaml.load(TABLE.read_text(encoding="utf-8"))


@dataclass
class Rates:
    """Looks numbers up and remembers which were used, so that an estimate can say what it rests on."""

    used: dict[str, dict[str, Any]] = field(default_factory=dict)

    def value(self, *path: str) -> Any:
        """The value at a path of the table, e.g. ``value("keep", "judge")``.

        Raises:
            KeyError: the table has no such entry.
        """
        entry: Any = table()
        for key in path:
            entry = entry[key]
        return self.note(".".join(path), entry["value"], entry["source"])

    def has(self, *path: str) -> bool:
        entry: Any = table()
        for key in path:
            if not isinstance(entry, dict) or key not in entry:
                return False
            entry = entry[key]
        return True

    def note(self, name: str, value: Any, source: str) -> Any:
        self.used[name] = {"name": name, "value": value, "source": source}
        return value

    def gpu(self, name: str, figure: str) -> Any:
        """`tflops`, `memory`, `bandwidth`, `fp8` or `dollars` of a GPU of the table."""
        value = table()["gpus"][name][figure]
        source = table()["gpu_sources"].get(figure)
        return self.note(f"gpus.{name}.{figure}", value, source) if source else value


def interpolate(points: Sequence[Sequence[float]], x: float) -> float:
    """y at x on the log-log polyline through `points`; the end segments go on beyond the first and last point.

    >>> round(interpolate([[1, 100], [10, 10]], 100), 6)
    1.0
    """
    index = next((i for i in range(1, len(points) - 1) if x <= points[i][0]), len(points) - 1)
    (x0, y0), (x1, y1) = points[index - 1], points[index]
    slope = math.log(y1 / y0) / math.log(x1 / x0)
    return y0 * (x / x0) ** slope


@dataclass(frozen=True)
class Measured:
    """A rate from one finished step: `unit` per second on one `device`."""

    verb: str
    device: str
    parameters: float | None
    unit: str
    rate: float
    node: str


def device_key(device: str) -> str:
    """``cpu``, or the GPU's name in the table, from what a manifest or a profile calls it; else the name itself.

    >>> device_key("NVIDIA H100 80GB HBM3"), device_key("cpu, 2 threads")
    ('h100', 'cpu')
    """
    lowered = device.lower()
    if lowered.startswith("cpu"):
        return "cpu"
    words = lowered.replace("-", " ").split()
    return next((name for name in table()["gpus"] if name in words), lowered)


def measurements(manifests: Iterable[Manifest], parameters: dict[str, float]) -> list[Measured]:
    """Rates of the finished steps, of stand-ins none.

    `parameters` maps a step's fingerprint to the size of the model that worked in it.
    """
    found: list[Measured] = []
    for manifest in manifests:
        seconds, usage = manifest.usage.seconds, manifest.usage
        if manifest.stand_in or seconds < SHORTEST:
            continue
        rates = {
            "completion_tokens": usage.completion_tokens / seconds,
            "requests": usage.requests / seconds,
            "tokens": manifest.metrics.get("tokens_per_second") or 0,
            "rows": manifest.rows.rows_in / seconds if manifest.rows else 0,
        }
        size = parameters.get(manifest.fingerprint)
        device = device_key(manifest.device)
        found += [
            Measured(manifest.verb, device, size, unit, rate, manifest.name)
            for unit, rate in rates.items()
            if rate > 0
        ]
    return found


def best(
    found: Sequence[Measured], verb: str, unit: str, device: str, parameters: float | None = None
) -> Measured | None:
    """The measurement of the same verb, unit and device whose model is nearest in size; None where none is alike."""

    def distance(item: Measured) -> float:
        if parameters is None or item.parameters is None:
            return 0.0 if parameters is item.parameters else math.inf
        return abs(math.log(item.parameters / parameters))

    alike = [item for item in found if (item.verb, item.unit, item.device) == (verb, unit, device)]
    near = min(alike, key=distance, default=None)
    return near if near is not None and distance(near) <= math.log(ALIKE) else None
