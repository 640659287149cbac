"""Whether the engines are installed that the steps to do will ask for: found before work, not days into it."""

from collections.abc import Iterable, Iterator

from factory.engines import local_engine, scoring_engine, states
from factory.errors import FactoryError
from factory.graph.model_sources import AnsweringModel
from factory.graph.nodes import Graph, Node
from factory.profile import Profile
from factory.store import Manifest


def missing_engines(graph: Graph, nodes: Iterable[Node], profile: Profile) -> list[FactoryError]:
    """One error for each engine that is not installed here, at the first of the nodes not done that needs it.

    Raises:
        UsageError: the profile names an engine that this version does not have.
    """
    first: dict[str, Node] = {}
    for node in nodes:
        if Manifest.load(node.folder) is None:
            for name in _engines(graph, node, profile):
                first.setdefault(name, node)
    known = states() if first else {}
    return [
        FactoryError(f"{node.name} needs the engine {name}, which is {state.state}", where=str(node.place), fix=fix)
        for name, node in first.items()
        if (state := known[name]).to_do and (fix := f"run `{state.to_do}`")
    ]


def _engines(graph: Graph, node: Node, profile: Profile) -> Iterator[str]:
    yield from node.step.engines()
    if node.kind == "evaluation" and "models" not in node.step.generators():
        yield scoring_engine(profile)
    for parameter, value, kind in node.step.references():
        asked = kind == "model" and parameter in node.step.generators()
        if asked and not isinstance(graph.final(value).step, AnsweringModel):
            yield local_engine(profile, pictures=parameter in node.step.viewers())
