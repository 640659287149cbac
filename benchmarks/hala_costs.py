"""What the four Hala sizes and their translator would cost together, shared steps once, beside the report's US$ 1,500.

python benchmarks/hala_costs.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from measure import save

from factory.estimate.estimate import estimate
from factory.estimate.family import family
from factory.graph.nodes import build_graph
from factory.graph.plan import make_plan
from factory.profile import Profile
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Store

RECIPES = Path(__file__).parent.parent / "recipes"
NAMES = ["hala-350m", "hala-700m", "hala-1.2b", "hala-9b", "hala-translator"]
BOOTSTRAP = "orca-bilingual/01-translate"
PROFILES = {
    "transformers, h100": Profile(gpu="h100"),
    "vllm, h100": Profile(gpu="h100", engine="vllm"),
    "vllm, a100": Profile(gpu="a100", engine="vllm"),
    "vllm, training on 8 x h100, generation on 12 x a100": Profile(
        gpu="h100", devices=8, generation_gpu="a100", generation_devices=12, engine="vllm"
    ),
}


def main() -> None:
    reported = load(RECIPES / f"{NAMES[0]}.yaml").recipe.reported_cost
    assert reported is not None
    estimated = {name: _family(profile) for name, profile in PROFILES.items()}
    print(save("hala_costs", {"reported_dollars": reported.dollars, "estimated": estimated}))


def _family(profile: Profile) -> dict[str, Any]:
    """US dollars by kind of work, GPU-hours, tokens, disk, and every number that they rest on."""
    with tempfile.TemporaryDirectory() as folder:
        resolver = Resolver(Path(folder) / "none.lock", online=False)
        loaded = [load(RECIPES / f"{name}.yaml") for name in NAMES]
        costs = [estimate(make_plan(build_graph(recipe, Store(Path(folder)), resolver)), profile) for recipe in loaded]
    found = family(costs)
    return {
        "dollars": {kind: round(value) for kind, value in sorted(found.dollars.items()) if value >= 0.5},
        "dollars_of_translation_by_the_teacher": round(costs[0].nodes[BOOTSTRAP].dollars or 0.0),
        "dollars_total": round(found.total),
        "gpu_hours": round(found.gpu_hours),
        "tokens_billion": round(found.tokens / 1e9, 2),
        "disk_gb": round(found.disk / 1e9),
        "assumptions": found.assumptions,
    }


if __name__ == "__main__":
    main()
