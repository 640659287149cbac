"""Whether the endpoints can be asked that the steps to do will ask: found before work, not days into it."""

from collections.abc import Iterable

from factory.engines.openai import key_of, stated_model
from factory.errors import FactoryError
from factory.graph.model_sources import UNKNOWN, AnsweringModel
from factory.graph.nodes import Graph, Node
from factory.profile import Profile
from factory.store import Manifest


def endpoint_problems(graph: Graph, nodes: Iterable[Node], profile: Profile, *, ask: bool) -> list[FactoryError]:
    """One error for each model behind an endpoint that cannot be asked, at the first of the nodes not done to ask it.

    The profile must have the endpoint and its key; with `ask` the model must answer, and as the one that it was.
    """
    first: dict[tuple[str, str], tuple[AnsweringModel, Node]] = {}
    for node in nodes:
        if Manifest.load(node.folder) is None:
            for model in _asked(graph, node):
                first.setdefault((model.endpoint, model.model), (model, node))
    found = []
    for model, node in first.values():
        try:
            endpoint = profile.endpoint(model.endpoint)
            key_of(endpoint)
            if ask:
                stated_model(model.model, endpoint, model.answers_as if model.answers_as != UNKNOWN else None)
        except FactoryError as error:
            what = f"{node.name} asks {model.model} at the endpoint {model.endpoint}: {error.what}"
            said = f"{what} ({error.where})" if error.where else what
            found.append(type(error)(said, where=str(node.place), fix=error.fix))
    return found


def _asked(graph: Graph, node: Node) -> Iterable[AnsweringModel]:
    for parameter, value, kind in node.step.references():
        if kind == "model" and parameter in node.step.generators():
            step = graph.final(value).step
            if isinstance(step, AnsweringModel):
                yield step
    if node.kind == "evaluation" and node.source is not None:
        step = graph.nodes[node.source.node].step
        if isinstance(step, AnsweringModel):
            yield step
