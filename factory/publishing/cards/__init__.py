"""Cards, as they are pushed."""

from __future__ import annotations

from factory.graph import lineage
from factory.graph.nodes import Graph


def render_card(graph: Graph, name: str) -> str:
    """The README.md an artifact would be published with; what is not measured yet says so."""
    from factory.publishing.cards.dataset import dataset_card
    from factory.publishing.cards.model import model_card
    from factory.publishing.dataset_files import files_of

    history = lineage.of(graph, name)
    if name in graph.loaded.recipe.datasets:
        return dataset_card(graph, name, history, files_of(history))
    return model_card(graph, name, history)
