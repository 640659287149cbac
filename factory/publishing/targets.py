"""Before any work: are the repos that a recipe publishes to still called as it calls them?"""

from __future__ import annotations

from collections.abc import Iterator

from factory.graph.nodes import Graph
from factory.hub.client import api, hub_errors
from factory.hub.targets import Renamed, existing
from factory.recipe import Place


def require_targets(graph: Graph, *, timeout: float | None = None) -> None:
    """Ask the Hub for each of them.

    Raises:
        Renamed: some were, each with its place in the recipe.
        FactoryError: the Hub cannot be reached.
    """
    client, wrong = api(), []
    for kind, repo, place in _targets(graph):
        with hub_errors(repo, kind):
            try:
                existing(client, kind, repo, timeout=timeout)
            except Renamed as error:
                wrong.append(Renamed(f"{repo}: {error.what}", where=str(place), fix=error.fix))
    if wrong:
        raise Renamed("\n".join(map(str, wrong)))


def _targets(graph: Graph) -> Iterator[tuple[str, str, Place]]:
    """(kind, repo, place) of all that the recipe publishes."""
    recipe, place = graph.loaded.recipe, graph.loaded.place
    for kind, section, specs in (("dataset", "datasets", recipe.datasets), ("model", "models", recipe.models)):
        for name in specs:
            if (repo := recipe.repo_id(name)) is not None:
                yield kind, repo, place(section, name, "publish", "repo")
    if recipe.space is not None:
        yield "space", recipe.in_namespace(recipe.space.repo), place("space", "repo")
