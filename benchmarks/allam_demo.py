"""What recipes/allam-demo.yaml shows: fertility, perplexity of each language, and the reward margin, from a store.

factory publish recipes/allam-demo.yaml --hub local --store STORE
python benchmarks/allam_demo.py STORE
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from measure import save

from factory.store import Manifest, Store

MODELS = ("english-base", "expanded", "adapted", "instructed", "allam-demo")


def findings(store: Store) -> dict[str, Any]:
    """The measured numbers of the newest finished run of the recipe in the store.

    Tokens per word of held-out texts; perplexity and bits per byte of texts that no training holds, by model and
    language; English perplexity after the further pretraining as a ratio to that of the expanded model before it; the
    reward margin of held-out pairs.
    """
    newest: dict[str, Manifest] = {}
    for _, manifest in store.manifests():
        if manifest.name not in newest or newest[manifest.name].created < manifest.created:
            newest[manifest.name] = manifest
    scores = {model: newest[f"text-quality/{model}"].metrics["scores"] for model in MODELS}
    english = {model: found["perplexity.en"]["value"] for model, found in scores.items()}
    return {
        "tokens_per_word": newest["expanded/01-expand_vocab"].metrics["fertility"],
        "text": {
            model: {name: round(entry["value"], 3) for name, entry in found.items() if "." in name}
            for model, found in scores.items()
        },
        "english_perplexity_ratio": round(english["adapted"] / english["expanded"], 4),
        "mix": newest["adapted/01-pretrain"].metrics["mix"],
        "preference": newest["allam-demo/01-dpo"].metrics["preference"],
        "steps_seconds": round(sum(manifest.usage.seconds for manifest in newest.values()), 1),
        "parameters": newest["allam-demo/01-dpo"].metrics["parameters"],
    }


if __name__ == "__main__":
    print(save("allam_demo", findings(Store(Path(sys.argv[1])))).read_text(encoding="utf-8"))
