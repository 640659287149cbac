"""Several plans as one: steps that recipes share count once; money by kind of work, beside what a document reports."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from factory.estimate.costs import VERBS, Costs, NodeCost
from factory.recipe.schema import ReportedCost
from factory.text.figures import number_text


@dataclass
class Family:
    """Money and work of the steps of several recipes that are not done, each step once."""

    dollars: dict[str, float] = field(default_factory=dict)
    """Kind of work -> US dollars: training, compression, translation, judging, evaluation, other."""
    gpu_hours: float = 0.0
    tokens: float = 0.0
    disk: float = 0.0
    steps: int = 0
    not_estimated: list[str] = field(default_factory=list)
    assumptions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def total(self) -> float:
        return sum(self.dollars.values())

    def as_json(self, reported: ReportedCost | None) -> dict[str, Any]:
        return {
            "dollars": {kind: round(value, 2) for kind, value in self.dollars.items()},
            "dollars_total": round(self.total, 2),
            "reported": reported.model_dump() if reported else None,
            "gpu_hours": round(self.gpu_hours, 1),
            "tokens": self.tokens,
            "disk_bytes": self.disk,
            "steps": self.steps,
            "not_estimated": self.not_estimated,
            "assumptions": self.assumptions,
        }


def family(all_costs: Sequence[Costs]) -> Family:
    """The sum over the plans of several recipes; a step of equal fingerprint counts once."""
    nodes: dict[str, tuple[str, NodeCost]] = {}
    used: dict[str, dict[str, Any]] = {}
    for costs in all_costs:
        used |= costs.rates.used
        for name, cost in costs.nodes.items():
            node = costs.graph.nodes[name]
            kind = (
                "evaluation"
                if node.kind == "evaluation"
                else next((kind for kind, verbs in VERBS.items() if node.step.verb in verbs), "other")
            )
            nodes[node.fingerprint] = (kind, cost)
    found = Family(steps=len(nodes), assumptions=list(used.values()))
    for kind, cost in nodes.values():
        if cost.dollars:
            found.dollars[kind] = found.dollars.get(kind, 0.0) + cost.dollars
            found.gpu_hours += (cost.device_seconds or 0.0) / 3600
        found.tokens += cost.tokens or 0.0
        found.disk += cost.disk
        if cost.seconds is None:
            found.not_estimated.append(cost.name)
    return found


def beside(found: Family, reported: ReportedCost | None) -> list[str]:
    """Lines for people: the estimate by kind, and what the document reports."""
    if not found.dollars:
        return []
    lines = [f"US$ {found.total:,.0f} in {number_text(found.gpu_hours)} GPU-hours: {_kinds(found.dollars)}"]
    if reported is not None:
        total = sum(reported.dollars.values())
        lines.append(
            f"reported: US$ {total:,.0f} ({_kinds(reported.dollars)}) for {reported.scope}; {reported.source}"
        )
    return lines


def assumption_lines(used: Iterable[dict[str, Any]]) -> list[str]:
    """Each number that an estimate rests on, with its source."""
    return [f"  {entry['name']} = {_short(entry['value'])}: {entry['source']}" for entry in used]


def _kinds(dollars: dict[str, float]) -> str:
    return ", ".join(f"{kind} {value:,.0f}" for kind, value in sorted(dollars.items(), key=lambda item: -item[1]))


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
