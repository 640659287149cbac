"""What an artifact was made from: its own steps back to where they begin, and everything that went into them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from factory.evaluate import paired
from factory.evaluate.board import BoardEntry, entry_of
from factory.evaluate.paired import Difference
from factory.graph.model_sources import HubModel
from factory.graph.nodes import Edge, Graph, Node
from factory.graph.sources import HubDataset
from factory.hub.addresses import endpoint, is_loopback
from factory.hub.push import read_record
from factory.recipe import DatasetSpec
from factory.refs import artifact_name, is_hub_ref
from factory.step.base import Source
from factory.store import Manifest, Usage

NOT_DERIVED = {"decontaminate"}  # compares rows with these inputs; nothing of them is passed on


@dataclass(frozen=True)
class Made:
    """A node and, once it is done, its manifest."""

    node: Node
    manifest: Manifest | None


@dataclass(frozen=True)
class Lineage:
    """All that an artifact was made from, as the store has it by now. Each list has inputs first, its own end last.

    Attributes:
        everything: whatever went into it.
        derived: of that, the steps whose rows or weights go on into it.
        own: of these, those through every `from`, and for a dataset through the datasets mixed into it, back to the
            sources or to what is published apart.
        rows: every step its rows went through: its own chain, and what a mix took in that is not published.
    """

    final: Node
    everything: list[Made]
    derived: list[Made]
    own: list[Made]
    rows: list[Made]

    @property
    def stand_in(self) -> bool:
        """Whether anything that went into it was made by a rehearsal."""
        return any(step.manifest.stand_in for step in self.everything if step.manifest)

    @cached_property
    def judged(self) -> bool:
        """Whether a safety judge is among the steps of its rows."""
        return any(step.node.step.verb == "safety" for step in self.rows)


def of(graph: Graph, name: str) -> Lineage:
    """The lineage of an artifact of the recipe, or of a model that a ref names."""
    recipe, final = graph.loaded.recipe, graph.final(name)
    needed = [node for node in graph.needed_for([final.name]) if node.kind != "evaluation"]
    known = {step.node.name: step for step in made(graph, needed)}
    elsewhere = {other for other in graph.finals if other != name and recipe.repo_id(other)}

    def reached(onward: Callable[[Node], list[Edge]], apart: Collection[str] = ()) -> list[Made]:
        found: set[str] = set()
        waiting = [final.name]
        while waiting:
            if (here := waiting.pop()) not in found:
                found.add(here)
                names = [edge.node for edge in onward(known[here].node)]
                waiting += [name for name in names if known[name].node.artifact not in apart]
        return [step for step in known.values() if step.node.name in found]

    rows = [] if final.artifact in elsewhere else reached(_row_edges, elsewhere)
    own = reached(_derived_edges, elsewhere)
    return Lineage(final, [*known.values()], reached(_derived_edges), own, rows)


def _derived_edges(node: Node) -> list[Edge]:
    """Inputs whose rows or weights go on."""
    edges = [node.source] if node.source else []
    if node.inputs and node.kind == "dataset" and node.step.verb not in NOT_DERIVED:
        edges += [node.inputs[value] for _, value, kind in node.step.references() if kind == "dataset"]
    return edges


def _row_edges(node: Node) -> list[Edge]:
    """Where a dataset step's rows come from: the step before, or what a mix takes in."""
    return [*([node.source] if node.source else []), *(node.inputs.values() if node.step.starts else ())]


def through(node: Node, rows: Iterable[Made]) -> set[str]:
    """Names of those of the steps `rows` whose rows go on into a node, itself included."""
    known, found, waiting = {step.node.name: step.node for step in rows}, set[str](), [node.name]
    while waiting:
        if (here := waiting.pop()) in known and here not in found:
            found.add(here)
            waiting += [edge.node for edge in _row_edges(known[here])]
    return found


def made(graph: Graph, nodes: Collection[Node]) -> list[Made]:
    """The nodes with what their manifests say by now."""
    manifests = graph.store.manifests_of([node.folder for node in nodes])
    for node, manifest in zip(nodes, manifests, strict=True):
        if manifest is not None:
            graph.require_own_engine(node, manifest)
    return [Made(node, manifest) for node, manifest in zip(nodes, manifests, strict=True)]


def usage(steps: Iterable[Made]) -> Usage:
    """What those of the steps that are done cost together."""
    total = Usage()
    for step in steps:
        if step.manifest is not None:
            total.add(step.manifest.usage)
    return total


def board(graph: Graph) -> list[BoardEntry]:
    """What was measured of the recipe's models so far, in the order of its suites and their models."""
    return [entry_of(step.manifest) for step in made(graph, graph.evaluations()) if step.manifest]


def differences(graph: Graph, suite: str, model: str, other: str) -> Mapping[str, Difference]:
    """{score: the model's less the other's, on the same questions}, where a suite of the recipe has measured both."""
    nodes = [graph.nodes.get(f"{suite}/{name}") for name in (model, other)]
    found = [step for step in made(graph, [node for node in nodes if node]) if step.manifest]
    if len(found) < 2:
        return {}
    ours, theirs = (step.node.folder for step in found)
    return paired.differences(ours, theirs)


def is_pushed(graph: Graph, name: str) -> bool:
    """Whether this very artifact has been pushed to the Hub in use."""
    record = read_record(graph.final(name).folder)
    there, here = str(record.get("endpoint", "")), endpoint()
    same = there == here or (is_loopback(there) and is_loopback(here))  # the embedded Hub's port changes
    return same and record["repo"] == graph.loaded.recipe.repo_id(name)


def hub_source(node: Node) -> tuple[str, str] | None:
    """(repo, commit SHA) of a node that fetches from the Hub."""
    step = node.step
    return (step.repo, step.revision) if isinstance(step, HubDataset | HubModel) else None


def public_name(graph: Graph, reference: str) -> list[str]:
    """Repo ids by which readers know a reference of the recipe: itself, or what an unpublished artifact came from."""
    if is_hub_ref(reference):
        return [reference.partition("@")[0].partition(":")[0]]
    name = artifact_name(reference)
    if name not in graph.finals:
        return []
    if (repo := graph.loaded.recipe.repo_id(name)) is not None:
        return [repo]
    spec = graph.loaded.recipe.artifact(name)
    found: list[str] = []
    kind = "dataset" if isinstance(spec, DatasetSpec) else "model"
    references = [spec.from_] if isinstance(spec.from_, str) else []
    references += [value for step in spec.steps for _, value, k in step.references() if k == kind]
    for inner in references:
        if inner is not None and artifact_name(inner) != name:  # a step before, in the model itself
            found += public_name(graph, inner)
    return list(dict.fromkeys(found))


def training_data(graph: Graph, name: str) -> list[str]:
    """Repo ids of the datasets a model was trained on, those of its unpublished ancestors included."""
    found: list[str] = []
    for step in of(graph, name).own:
        for parameter, value, kind in step.node.step.references():
            if kind == "dataset" and parameter != "validate_on":  # which measures and changes nothing
                found += public_name(graph, value)
            elif step.node.step.verb == "merge" and _unpublished(graph, artifact_name(value), name):
                found += training_data(graph, artifact_name(value))
    return list(dict.fromkeys(found))


def _unpublished(graph: Graph, name: str, other: str) -> bool:
    return name in graph.finals and name != other and graph.loaded.recipe.repo_id(name) is None


def base_models(graph: Graph, name: str) -> list[str]:
    """Repo ids of the models that a model's weights come from."""
    spec = graph.loaded.recipe.artifact(name)
    references = [spec.from_] if isinstance(spec.from_, str) else []
    merges = [step for step in spec.steps if step.verb == "merge"]
    references += [value for step in merges for _, value, kind in step.references() if kind == "model"]
    own = graph.loaded.recipe.repo_id(name)
    found = [repo for reference in references for repo in public_name(graph, reference)]
    return [repo for repo in dict.fromkeys(found) if repo != own]


def parameters(node: Node) -> dict[str, Any]:
    """A step's parameters as the recipe would write them, without those that are not set."""
    if isinstance(node.step, Source):
        return {}
    values = node.step.model_dump(mode="json", by_alias=True)
    return {key: value for key, value in values.items() if value not in (None, [], {})}


def translation_prompt(graph: Graph, reference: str) -> str | None:
    """The prompt, with its ``{text}``, by which the recipe has this model translate; None where it does not."""
    for node in graph.nodes.values():
        if node.step.verb == "translate" and getattr(node.step, "model", None) == reference:
            prompt = getattr(node.step, "prompt", "{text}")
            return prompt if prompt.count("{text}") == 1 else "{text}"
    return None
