"""What an estimate says: the cost of a step, sums of them, and the lines and JSON that a plan prints."""

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from factory.estimate.flow import Flows
from factory.estimate.rates import Rates
from factory.graph.nodes import Graph
from factory.text.figures import bytes_text, counted, number_text, rows_text, time_text

VERBS = {
    "training": {"sft", "pretrain", "dpo"},
    "compression": {"quantize"},
    "translation": {"translate", "backtranslate"},
    "judging": {"judge", "safety", "similarity", "preferences"},
}
"""Kind of work -> the verbs that do it."""


@dataclass(frozen=True)
class NodeCost:
    """One step that is not done. None means not known.

    Attributes:
        rows: that it hands on.
        tokens: that it generates (translations), reads (judges, evaluations) or trains on.
        device_seconds: of one device; `seconds` is wall time with all devices of the profile.
        dollars: for the time on accelerators; None where their price is not known.
        disk: bytes that stay; `scratch` is needed in addition while it runs.
        basis: where the speed comes from.
    """

    name: str
    artifact: str
    rows: float | None = None
    tokens: float | None = 0.0
    device_seconds: float | None = 0.0
    seconds: float | None = 0.0
    dollars: float | None = 0.0
    disk: float = 0.0
    scratch: float = 0.0
    basis: str = ""


@dataclass(frozen=True)
class Cost:
    """A sum over steps, raw and as text. ``≥`` stands before a sum that lacks a step whose cost is not known."""

    rows: float | None
    rows_counted: bool
    tokens: float
    seconds: float
    dollars: float
    disk: float
    priced: bool
    unknown: tuple[str, ...] = ()

    @property
    def rows_text(self) -> str:
        return rows_text(self.rows, self.rows_counted)

    @property
    def tokens_text(self) -> str:
        return self._at_least(number_text(self.tokens)) if self.tokens else "-"

    @property
    def time_text(self) -> str:
        return self._at_least(time_text(self.seconds)) if self.seconds >= 1 else "-"

    @property
    def money_text(self) -> str:
        if not self.priced or self.dollars < 0.005:
            return "-"
        return self._at_least(f"{self.dollars:,.0f}" if self.dollars >= 10 else f"{self.dollars:.2f}")

    def _at_least(self, text: str) -> str:
        return f"≥ {text}" if self.unknown else text


@dataclass
class Costs:
    """Estimates of all steps that are not done, by name of the node."""

    graph: Graph
    nodes: dict[str, NodeCost]
    flows: Flows
    device: str
    devices: int
    price: float | None
    device_assumed: bool
    rates: Rates = field(default_factory=Rates)
    generates: str | None = None
    """Devices that generate and evaluate, where they are others than those that train."""

    def artifact(self, name: str) -> Cost:
        """The steps of one artifact of the recipe, without what it is made from."""
        node = self.graph.final(name)
        chain = [part.name for part in self.graph.chain(name)] or [node.name]
        flow = self.flows.of(node.name) if node.kind == "dataset" else None
        return self._sum(chain, flow.rows if flow else None, bool(flow and flow.counted))

    @property
    def total(self) -> Cost:
        return self._sum(self.nodes)

    @property
    def scratch(self) -> float:
        """Bytes of disk for the checkpoints of the largest training."""
        return max((node.scratch for node in self.nodes.values()), default=0.0)

    @property
    def disk_needed(self) -> float:
        """Bytes: all that is to be made stays, and one training works at a time."""
        return self.total.disk + self.scratch

    @property
    def disk_free(self) -> int:
        """Bytes, where the store is or will be."""
        return shutil.disk_usage(_existing(self.graph.store.root)).free

    def _sum(self, names: Iterable[str], rows: float | None = None, counted: bool = False) -> Cost:
        found = [self.nodes[name] for name in names if name in self.nodes]
        return Cost(
            rows=rows,
            rows_counted=counted,
            tokens=sum(node.tokens or 0.0 for node in found),
            seconds=sum(node.seconds or 0.0 for node in found),
            dollars=sum(node.dollars or 0.0 for node in found),
            disk=sum(node.disk for node in found),
            priced=self.price is not None,
            unknown=tuple(node.name for node in found if node.seconds is None),
        )

    def summary(self) -> str:
        """Lines for people below the table of artifacts."""
        if not self.nodes:
            return "to do: nothing"
        total = self.total
        hours = sum(node.device_seconds or 0.0 for node in self.nodes.values() if node.dollars) / 3600
        parts = [counted(len(self.nodes), "step")]
        parts += [f"{total.tokens_text} tokens"] if total.tokens else []
        on = f"{self.devices} x {self.device}" + (f", generation on {self.generates}" if self.generates else "")
        parts += [f"{total.time_text} on {on}"] if total.seconds >= 1 else []
        parts += [f"{number_text(hours)} GPU-hours"] if hours >= 0.1 else []
        parts += [f"US$ {total.money_text}"] if total.money_text != "-" else []
        need = self.disk_needed
        parts += [f"{bytes_text(need)} of disk ({bytes_text(self.disk_free)} free)"] if need >= 1e6 else []
        lines = ["to do: " + ", ".join(parts)]
        if self.device_assumed:
            lines.append(f"figured for {self.device}: a profile with gpu, gpu_hour and devices makes this yours")
        measured = sum(node.basis.startswith("measured") for node in self.nodes.values())
        lines.append(f"speeds: {counted(measured, 'step')} by rates measured in this store, the others by a table")
        if total.unknown:
            shown = ", ".join(total.unknown[:4]) + (", …" if len(total.unknown) > 4 else "")
            lines.append(f"not estimated (rows or model size not known): {shown}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Totals, every step, and every number that was used with its source."""
        total = self.total
        return {
            "device": self.device,
            "devices": self.devices,
            "generates": self.generates,
            "dollars_per_device_hour": self.price,
            "total": {
                "tokens": total.tokens,
                "seconds": total.seconds,
                "dollars": total.dollars if total.priced else None,
                "disk_bytes": total.disk,
                "scratch_bytes": self.scratch,
                "not_estimated": list(total.unknown),
            },
            "nodes": [asdict(node) for node in self.nodes.values()],
            "assumptions": list(self.rates.used.values()),
        }


def _existing(path: Path) -> Path:
    return next(folder for folder in [path, *path.parents] if folder.exists())
