"""What the four Hala sizes and their translator would cost together, shared steps once, beside the report's US$ 1,500.

python benchmarks/hala_costs.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from measure import save

from factory.estimate import NodeCost, estimate
from factory.graph import build_graph
from factory.hub.resolve import Resolver
from factory.plan import make_plan
from factory.profile import Profile
from factory.recipe import load
from factory.store import Store

RECIPES = Path(__file__).parent.parent / "recipes"
NAMES = ["hala-350m", "hala-700m", "hala-1.2b", "hala-9b", "hala-translator"]
PROFILES = {
    "transformers, h100": Profile(gpu="h100"),
    "vllm, h100": Profile(gpu="h100", engine="vllm"),
    "vllm, a100": Profile(gpu="a100", engine="vllm"),
}
REPORTED = {"training on 8 x H100": 1000, "translation on 12 x A100": 500}


def main() -> None:
    results = {name: _family(profile) for name, profile in PROFILES.items()}
    for name, result in results.items():
        print(name, result)
    print(save("hala_costs", {"reported_dollars": REPORTED, "estimated": results}))


def _family(profile: Profile) -> dict[str, Any]:
    """US dollars and GPU-hours by kind of work, and disk, of all recipes; a step of equal fingerprint counts once."""
    nodes: dict[str, NodeCost] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in NAMES:
            resolver = Resolver(Path(folder) / "none.lock", online=False)
            graph = build_graph(load(RECIPES / f"{name}.yaml"), Store(Path(folder)), resolver)
            costs = estimate(make_plan(graph), profile)
            nodes |= {graph.nodes[key].fingerprint: node for key, node in costs.nodes.items()}
    groups: dict[str, float] = {}
    for node in nodes.values():
        groups[_kind(node)] = groups.get(_kind(node), 0.0) + (node.dollars or 0.0)
    seconds = sum(node.device_seconds or 0.0 for node in nodes.values() if node.dollars)
    return {
        "dollars": {name: round(value) for name, value in sorted(groups.items()) if value >= 0.5},
        "dollars_total": round(sum(groups.values())),
        "gpu_hours": round(seconds / 3600),
        "tokens_billion": round(sum(node.tokens or 0.0 for node in nodes.values()) / 1e9, 2),
        "disk_gb": round(sum(node.disk for node in nodes.values()) / 1e9),
    }


def _kind(node: NodeCost) -> str:
    verb = node.name.rpartition("/")[2].partition("-")[2]
    if verb == "sft":
        return "training"
    if verb == "judge":
        return "judging"
    if verb == "translate":
        return "bootstrap by the teacher" if node.artifact == "orca-bilingual" else "corpus by the translator"
    return "evaluation" if node.name.startswith(("oall", "mmlu-", "teacher-")) else "other"


if __name__ == "__main__":
    main()
