"""How many rows reach each step, and how long their texts are, before any of them was read."""

from dataclasses import dataclass, replace
from typing import Any

from factory.estimate.rates import Rates
from factory.graph.nodes import Edge, Graph, Node
from factory.graph.sources import DemoDataset, HubDataset, LocalDataset
from factory.refs import SplitSlice, is_hub_ref, is_local
from factory.store import Manifest


@dataclass(frozen=True)
class Flow:
    """What a dataset step hands on.

    `tokens` is the mean length of one text (an instruction, a response) in tokens of the source language, `row_tokens`
    of all texts of a row; `counted` is True where the rows were counted and not guessed.
    """

    rows: float | None
    tokens: float
    row_tokens: float
    counted: bool = False


class Flows:
    """The flow out of every dataset node of a graph, each worked out once."""

    def __init__(self, graph: Graph, rates: Rates) -> None:
        self.graph, self.rates = graph, rates
        self.ratio: float = rates.value("text", "target_ratio")
        self._declared = _declared_rows(graph)
        self._known: dict[str, Flow] = {}

    def of(self, name: str) -> Flow:
        if name not in self._known:
            node = self.graph.nodes[name]
            flow = self._find(node)
            manifest = Manifest.load(node.folder)
            if manifest is not None and manifest.rows is not None:
                flow = replace(flow, rows=manifest.rows.kept, counted=True)
            self._known[name] = flow
        return self._known[name]

    def into(self, node: Node) -> Flow:
        """The flow that the node reads: of its source, or of all its inputs where it has none."""
        if node.source is not None:
            return self.edge(node.source)
        datasets = [edge for edge in node.inputs.values() if self.graph.nodes[edge.node].kind == "dataset"]
        return _sum([self.edge(edge) for edge in datasets])

    def edge(self, edge: Edge) -> Flow:
        """The flow along an edge: of the one split that is read, where a `split` step says how large it is."""
        flow, step = self.of(edge.node), self.graph.nodes[edge.node].step
        if step.verb != "split" or flow.rows is None:
            return flow
        parts: dict[str, float] = {
            name: size if size >= 1 else size * flow.rows for name, size in _parts(step).items()
        }
        rows = parts.get(edge.split, flow.rows - sum(parts.values()))
        return replace(flow, rows=max(0.0, rows), counted=False)

    def mixed(self, edges: list[Edge]) -> Flow:
        """What all these edges bring together."""
        return _sum([self.edge(edge) for edge in edges])

    def _find(self, node: Node) -> Flow:
        step: Any = node.step
        if isinstance(step, DemoDataset):
            return self._start(step.rows, "demo", counted=True)
        if isinstance(step, HubDataset):
            rows = self._declared.get(node.name)
            if rows is None and self.rates.has("rows", step.repo):
                rows = self.rates.value("rows", step.repo)
            return self._start(_sliced(step.split, rows), step.repo)
        if isinstance(step, LocalDataset):
            rows = self._declared.get(node.name)
            if rows is None:
                rows = step.files().count()
            return self._start(_sliced(step.split, rows), "default")
        before = self.into(node)
        rows = before.rows
        if step.verb == "sample":
            rows = _sampled(step, rows)
        elif rows is not None:
            rows *= self._kept(node)
        if step.verb == "mix" and step.weights and rows is not None:
            taken = zip(node.inputs.values(), step.weights, strict=True)
            rows = min((self.edge(edge).rows or 0.0) / weight for edge, weight in taken) * sum(step.weights)
        added = len(step.columns) * before.tokens * self.ratio if step.verb == "translate" else 0.0
        return Flow(rows, before.tokens, before.row_tokens + added, before.counted and rows == before.rows)

    def _kept(self, node: Node) -> float:
        """Share of its rows that a step keeps: what it kept before it changed, else by the table."""
        step: Any = node.step
        before = self.graph.store.previous(node.folder, self.graph.loaded.recipe.name)
        if before is not None and before.rows is not None and before.rows.rows_in:
            share = before.rows.kept / before.rows.rows_in
            return self.rates.note(f"{node.name}: rows kept", share, "measured before the change")
        key = "filter_sources" if step.verb == "filter" and step.singles else step.verb
        return self.rates.value("keep", key) if self.rates.has("keep", key) else 1.0

    def _start(self, rows: float | None, key: str, counted: bool = False) -> Flow:
        tokens = self.rates.value("text", "tokens", key if self.rates.has("text", "tokens", key) else "default")
        return Flow(rows, tokens, 2 * tokens, counted)


def _declared_rows(graph: Graph) -> dict[str, float]:
    """Source node -> rows that a recipe states for it (`rows:` beside `from`)."""
    found: dict[str, float] = {}
    for name, spec in graph.loaded.recipe.datasets.items():
        if spec.rows is None or not isinstance(spec.from_, str):
            continue
        if is_hub_ref(spec.from_) or is_local(spec.from_):
            chain = graph.chain(name)
            source = chain[0].source.node if chain and chain[0].source else graph.finals[name]
            found[source] = spec.rows
    return found


def _sliced(split: str, rows: float | None) -> float | None:
    wanted = SplitSlice.parse(split)
    if wanted.stop is None:
        return None if rows is None else max(0.0, rows - wanted.start)
    stop = wanted.stop if rows is None else min(wanted.stop, rows)
    return max(0.0, stop - wanted.start)


def _parts(step: Any) -> dict[str, float]:
    """Sizes in rows (or shares below 1) of what a `split` step sets apart, by name."""
    sizes = {"test": step.test, "validation": step.validation}
    return {name: float(size) for name, size in sizes.items() if size is not None}


def _sampled(step: Any, rows: float | None) -> float | None:
    """Rows that a `sample` step draws."""
    if step.n is not None:
        return float(step.n) if rows is None else min(float(step.n), rows)
    return None if rows is None else rows * step.fraction


def _sum(flows: list[Flow]) -> Flow:
    if not flows:
        return Flow(None, 0.0, 0.0)
    if any(flow.rows is None for flow in flows):
        count = len(flows)
        return Flow(None, sum(f.tokens for f in flows) / count, sum(f.row_tokens for f in flows) / count)
    rows = sum(flow.rows or 0.0 for flow in flows)
    weights = [(flow.rows or 0.0) / rows if rows else 1 / len(flows) for flow in flows]
    return Flow(
        rows,
        sum(weight * flow.tokens for weight, flow in zip(weights, flows, strict=True)),
        sum(weight * flow.row_tokens for weight, flow in zip(weights, flows, strict=True)),
        all(flow.counted for flow in flows),
    )
