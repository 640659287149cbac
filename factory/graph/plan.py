"""What a run would do and why: every artifact as done, partly done, new, or changed because of something named."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from factory.errors import FactoryError
from factory.graph.nodes import Graph, Node
from factory.graph.sources import LocalDataset
from factory.rows.scoring import ScoreStep
from factory.store import Dataset, Manifest, differences

State = Literal["done", "resume", "new", "changed"]


@dataclass
class NodePlan:
    """One node's state.

    Attributes:
        because: the parts of its identity that differ from what the recipe made last.
        manifest: of that, or where it is done its own.
        scored: its scores are all stored: limits are applied, no model is asked.
    """

    node: Node
    state: State
    because: list[str] = field(default_factory=list)
    manifest: Manifest | None = None
    scored: bool = False


@dataclass
class Plan:
    graph: Graph
    nodes: dict[str, NodePlan]

    def artifact(self, name: str) -> NodePlan:
        """The state of an artifact: its last node's, with the first cause along its chain."""
        chain = [self.nodes[node.name] for node in self.graph.chain(name)] or [self.nodes[self.graph.final(name).name]]
        last = chain[-1]
        if last.state == "done":
            return last
        causes = [cause for part in chain if part.state != "done" for cause in part.because]
        started = any(part.state in ("done", "resume") for part in chain)
        state: State = "changed" if last.state == "changed" else "resume" if started else "new"
        return NodePlan(last.node, state, list(dict.fromkeys(causes)), last.manifest)

    @property
    def todo(self) -> list[NodePlan]:
        return [plan for plan in self.nodes.values() if plan.state != "done"]

    def notes(self) -> list[str]:
        """What becomes of the values of local files that are of several kinds: of all rows, or of the first ones."""
        return self._foreseen[0]

    def unreadable(self) -> list[FactoryError]:
        """Why local files cannot be loaded, or lack a column that a step needs, as far as their first rows tell."""
        return self._foreseen[1]

    @cached_property
    def _foreseen(self) -> tuple[list[str], list[FactoryError]]:
        notes, errors = [], []
        columns: dict[str, list[str] | None] = {}
        for name, entry in self.nodes.items():
            node, done = entry.node, entry.manifest if entry.state == "done" else None
            try:
                if isinstance(node.step, LocalDataset):
                    own = done.notes if done else node.step.foreseen()
                    notes += [f"{name}: {note}" for note in own]
                    columns[name] = node.step.columns() if self.todo else None
                elif node.source and columns.get(node.source.node) is not None and node.kind == "dataset":
                    columns[name] = node.step.check_columns(columns[node.source.node])
            except FactoryError as error:
                error.where = f"{node.place}, {error.where}" if error.where else str(node.place)
                errors.append(error)
        return notes, errors


def make_plan(graph: Graph) -> Plan:
    """Compare every node with what the store holds; reads manifests only."""
    plans: dict[str, NodePlan] = {}
    for node in graph.order():
        manifest = Manifest.load(node.folder)
        if manifest is not None:
            graph.require_own_engine(node, manifest)
            plans[node.name] = NodePlan(node, "done", manifest=manifest)
            continue
        before = graph.store.previous(node.folder, graph.loaded.recipe.name)
        if before is not None:
            plan = NodePlan(node, "changed", _causes(node, before, plans), before)
        else:
            plan = NodePlan(node, "resume" if graph.store.partial(node.folder).is_dir() else "new")
        plan.scored = _scored(graph, node)
        plans[node.name] = plan
    return Plan(graph, plans)


def _scored(graph: Graph, node: Node) -> bool:
    """Does the store hold the scores of every shard that the node reads?"""
    if not isinstance(node.step, ScoreStep) or node.source is None:
        return False
    shards = Dataset(graph.nodes[node.source.node].folder).shards(node.source.split)
    return bool(shards) and node.step.has_scored(node.made, len(shards))


def _causes(node: Node, before: Manifest, plans: dict[str, NodePlan]) -> list[str]:
    """Differences of identity in the recipe's words: a parameter's name, or the input that changed."""
    causes = []
    for path in differences(before.identity, node.identity):
        head, _, rest = path.partition(".")
        if head == "parameters":
            old, _, deeper = rest.partition(".")
            named = node.step.renamed.get(old, old)
            causes.append(f"{node.label.partition('-')[2]}.{named}{deeper and '.'}{deeper}")
        elif head == "source" and node.source:
            causes.append(_input_cause(node.source.node, plans))
        elif head == "inputs":
            causes.append(_input_cause(_input_named(node, rest), plans))
        else:
            causes.append(path)
    return list(dict.fromkeys(causes))


def _input_named(node: Node, role: str) -> str:
    parameter, _, number = role.partition("[")
    values = [value for name, value, _ in node.step.references() if name == parameter and value in node.inputs]
    index = int(number.rstrip("]") or 0)
    return node.inputs[values[index]].node if index < len(values) else role


def _input_cause(name: str, plans: dict[str, NodePlan]) -> str:
    upstream = plans.get(name)
    artifact = upstream.node.artifact if upstream else name
    return f"input {artifact}"


def as_json(plan: Plan) -> list[dict[str, Any]]:
    """One entry per node: for `factory plan --json`."""
    return [
        {
            "name": entry.node.name,
            "artifact": entry.node.artifact,
            "kind": entry.node.kind,
            "verb": entry.node.step.verb,
            "state": entry.state,
            "because": entry.because,
            "scored": entry.scored,
            "fingerprint": entry.node.fingerprint,
            "folder": str(entry.node.folder),
        }
        for entry in plan.nodes.values()
    ]
