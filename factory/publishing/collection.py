"""The collection of a recipe: what was pushed, models first, each with a line about it."""

from __future__ import annotations

from collections.abc import Mapping

from factory.graph.nodes import Graph
from factory.hub.collection import Item, collect
from factory.hub.push import Pushed


def publish_collection(graph: Graph, pushed: Mapping[str, Pushed]) -> Pushed:
    """Gather what was pushed in the recipe's collection, models first."""
    recipe = graph.loaded.recipe
    assert recipe.hub.collection is not None
    order = {"model": 0, "dataset": 1, "space": 2}
    items = [
        Item(item.kind, item.repo_id, _note(graph, name))
        for name, item in sorted(pushed.items(), key=lambda entry: order.get(entry[1].kind, 3))
        if item.kind != "collection"
    ]
    return collect(
        recipe.hub.namespace,
        recipe.hub.collection,
        items,
        description=recipe.description or recipe.title or "",
        private=recipe.hub.private,
        record=graph.store.record(f"{recipe.name}-collection"),
    )


def _note(graph: Graph, name: str) -> str:
    recipe = graph.loaded.recipe
    spec = recipe.datasets.get(name) or recipe.models.get(name)
    if spec is None:
        return recipe.space.title or "" if recipe.space else ""
    return (spec.publish.description if spec.publish else None) or spec.description or ""
