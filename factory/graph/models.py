"""A recipe's models before any work: their outlines, followed through their steps, and what cannot be done."""

from collections.abc import Iterator

from factory.errors import FactoryError
from factory.evaluate.base import Suite
from factory.graph.model_sources import HubModel, LocalModel
from factory.graph.nodes import Graph, Node
from factory.models.outline import read_outline
from factory.step.outline import UNKNOWN, Outline
from factory.store import Manifest

TO_ASK = "name a model that was tuned on conversations, or give it a template: sft with chat_template"
TO_SEE = "name a vision-language model"
TO_LOOK = "leave it out of the suite's models, or name a vision-language model"


def model_problems(graph: Graph, nodes: list[Node], timeout: float) -> list[FactoryError]:
    """What the steps to be done among `nodes`, inputs first, could only fail with later.

    A model on the Hub is known by its small files, where the Hub answers in `timeout` seconds.
    """
    return list(_Models(graph, timeout).problems(nodes))


def refuse(problems: list[FactoryError]) -> None:
    """Raises FactoryError with all of them, where there are any."""
    match problems:
        case [error]:
            raise error
        case [*errors] if errors:
            raise FactoryError("\n".join(map(str, errors)))


class _Models:
    """Outlines of model nodes by name, as far as they are known."""

    def __init__(self, graph: Graph, timeout: float) -> None:
        self.graph, self.timeout = graph, timeout
        self._known: dict[str, Outline] = {}

    def problems(self, nodes: list[Node]) -> Iterator[FactoryError]:
        done = self.graph.store.manifests_of([node.folder for node in nodes])
        for node in [node for node, manifest in zip(nodes, done, strict=True) if manifest is None]:
            try:
                if node.kind == "model":
                    self._known[node.name] = self._after(node)
                elif node.kind == "dataset":
                    self._require_answers(node)
                else:
                    self._require_sight(node)
            except FactoryError as error:
                error.where = f"{node.place}, {error.where}" if error.where else str(node.place)
                yield error

    def _outline(self, name: str) -> Outline:
        """Of a node before the one that is looked at: read where it is done, unknown where it cannot be done."""
        if name not in self._known:
            folder = self.graph.nodes[name].folder
            self._known[name] = UNKNOWN if Manifest.load(folder) is None else read_outline(folder / "model")
        return self._known[name]

    def _after(self, node: Node) -> Outline:
        if isinstance(node.step, LocalModel):
            return node.step.outline()
        if isinstance(node.step, HubModel):
            return self._on_hub(node.step)
        before = self._outline(node.source.node) if node.source is not None else UNKNOWN
        models = {text: edge.node for text, edge in node.inputs.items() if self.graph.nodes[edge.node].kind == "model"}
        return node.step.check_model(before, {text: self._outline(name) for text, name in models.items()})

    def _on_hub(self, step: HubModel) -> Outline:
        """Asked where its commit is known; a Hub that does not answer says nothing against a model."""
        if step.revision.startswith("unresolved:") or not self.timeout:
            return UNKNOWN
        try:
            return step.outline(self.timeout)
        except FactoryError as error:
            if "cannot be reached" not in error.what:
                raise
            self.timeout = 0.0  # one that is not there is asked once
            return UNKNOWN

    def _require_answers(self, node: Node) -> None:
        """Models that answer are asked in turns of their chat template, some of them about pictures."""
        for parameter, value, kind in node.step.references():
            if kind == "model" and parameter in node.step.generators():
                asked = self._outline(node.inputs[value].node)
                try:
                    asked.require_loadable()
                    if not node.step.asks_plainly(parameter):
                        asked.require_chat(TO_ASK)
                    if parameter in node.step.viewers():
                        asked.require_sight(TO_SEE)
                except FactoryError as error:
                    raise FactoryError(f"{parameter} {value}: {error.what}", fix=error.fix) from None

    def _require_sight(self, node: Node) -> None:
        """Models that a suite shows pictures read them."""
        if isinstance(node.step, Suite) and node.step.shows_pictures and node.source is not None:
            try:
                self._outline(node.source.node).require_sight(TO_LOOK)
            except FactoryError as error:
                raise FactoryError(f"{node.name}: {error.what}", fix=error.fix) from None
