"""Models that are to be asked about pictures: found to read text only before anything is fetched or made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from factory.engines.vision import TEXT_ONLY, config_of, sees
from factory.errors import FactoryError
from factory.evaluate.base import Suite
from factory.graph.nodes import Graph, Node
from factory.graph.sources import HubModel, LocalModel


def require_sight(graph: Graph) -> None:
    """Every model of a suite that shows pictures reads them, as far as can be known without its weights.

    Raises:
        FactoryError: one reads text only.
    """
    for node in graph.evaluations():
        if isinstance(node.step, Suite) and node.step.shows_pictures:
            config = _config(graph, node)
            if config and not sees(config):
                model = node.name.partition("/")[2]
                fix = f"leave it out of evaluate.{node.artifact}.models, or name a vision-language model"
                raise FactoryError(f"{model} {TEXT_ONLY}", where=str(node.place), fix=fix)


def _config(graph: Graph, node: Node) -> dict[str, Any]:
    """config.json of the model that `node` works on, or of the one that it was made from; empty where not known."""
    while node.source is not None:
        node = graph.nodes[node.source.node]
        if found := config_of(node.folder / "model"):
            return found
    if isinstance(node.step, LocalModel):
        return config_of(Path(node.step.path))
    if isinstance(node.step, HubModel):
        return _on_hub(node.step)
    return getattr(node.step, "config", {})  # of `init`


def _on_hub(model: HubModel) -> dict[str, Any]:
    from huggingface_hub import HfFileSystem

    from factory.hub.client import endpoint, hub_errors

    try:
        with hub_errors(model.repo, kind="model"):
            path = f"{model.repo}@{model.revision}/config.json"
            found = json.loads(HfFileSystem(endpoint=endpoint()).read_bytes(path))
    except (FactoryError, ValueError, FileNotFoundError):  # who cannot be asked now is asked when it is fetched
        return {}
    return found if isinstance(found, dict) else {}
