"""What an artifact was made from: its own steps back to where they begin, and everything that went into them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from factory.evaluate.board import Entry, entry_of
from factory.graph.nodes import Graph, Node
from factory.graph.sources import HubDataset, HubModel
from factory.hub.client import endpoint
from factory.hub.push import is_loopback, read_record
from factory.recipe import DatasetSpec, ModelSpec
from factory.refs import artifact_name, is_hub_ref
from factory.step.base import Source
from factory.store import Manifest, Usage

NOT_DERIVED = {"decontaminate"}  # compares rows with these inputs; nothing of them is passed on


@dataclass(frozen=True)
class Made:
    """A node and, once it is done, its manifest."""

    node: Node
    manifest: Manifest | None


def spec_of(graph: Graph, name: str) -> DatasetSpec | ModelSpec:
    recipe = graph.loaded.recipe
    return recipe.datasets.get(name) or recipe.models[name]


def repo_id(graph: Graph, name: str) -> str | None:
    """``owner/name`` that an artifact of the recipe is published as; None where it is not."""
    recipe = graph.loaded.recipe
    spec = recipe.datasets.get(name) or recipe.models.get(name)
    if spec is None or spec.publish is None:
        return None
    return spec.publish.repo if "/" in spec.publish.repo else f"{recipe.hub.namespace}/{spec.publish.repo}"


def is_private(graph: Graph, name: str) -> bool:
    """Whether an artifact's repo is to be private."""
    spec, hub = spec_of(graph, name), graph.loaded.recipe.hub
    stated = spec.publish.private if spec.publish else None
    return hub.private if stated is None else stated


def is_pushed(graph: Graph, name: str) -> bool:
    """Whether this very artifact has been pushed to the Hub in use."""
    record = read_record(graph.final(name).folder)
    there, here = str(record.get("endpoint", "")), endpoint()
    same = there == here or (is_loopback(there) and is_loopback(here))  # the embedded Hub's port changes
    return same and record["repo"] == repo_id(graph, name)


def is_stand_in(graph: Graph, *names: str) -> bool:
    """Whether anything that went into one of the artifacts was made by a rehearsal."""
    steps = made(graph, [node for name in names for node in upstream(graph, name)])
    return any(step.manifest.stand_in for step in steps if step.manifest)


def board(graph: Graph) -> list[Entry]:
    """What was measured of the recipe's models so far, in the order of its suites and their models."""
    return [entry_of(step.manifest) for step in made(graph, graph.evaluations()) if step.manifest]


def made(graph: Graph, nodes: Collection[Node]) -> list[Made]:
    """The nodes with what their manifests say by now."""
    manifests = graph.store.manifests_of([node.folder for node in nodes])
    return [Made(node, manifest) for node, manifest in zip(nodes, manifests, strict=True)]


def usage(steps: Iterable[Made]) -> Usage:
    """What those of the steps that are done cost together."""
    total = Usage()
    for step in steps:
        if step.manifest is not None:
            total.add(step.manifest.usage)
    return total


def own_chain(graph: Graph, name: str) -> list[Made]:
    """The steps that made it, inputs first: through every `from`, and for a dataset through the datasets mixed into
    it, back to the sources or to what is published apart."""
    return made(graph, derived_from(graph, name, stop_at_published=True))


def derived_from(graph: Graph, name: str, *, stop_at_published: bool = False) -> list[Node]:
    """The nodes whose rows or weights go on into the artifact, inputs first, its last node at the end."""
    final = graph.final(name)
    found: set[str] = set()
    waiting = [final]
    while waiting:
        node = waiting.pop()
        apart = node.artifact != name and repo_id(graph, node.artifact) is not None
        if node.name in found or (stop_at_published and apart and node is not final):
            continue
        found.add(node.name)
        edges = [node.source] if node.source else []
        if node.inputs and node.kind == "dataset" and node.step.verb not in NOT_DERIVED:
            edges += [node.inputs[value] for _, value, kind in node.step.references() if kind == "dataset"]
        waiting += [graph.nodes[edge.node] for edge in edges]
    return [node for node in graph.order() if node.name in found]


def row_chain(graph: Graph, name: str) -> list[Made]:
    """Every step its rows went through, inputs first: its own chain, and what a mix took in that is not published."""
    wanted: set[str] = set()
    stack = [graph.final(name)]
    while stack:
        node = stack.pop()
        apart = node.artifact != name and node.artifact in graph.finals and repo_id(graph, node.artifact) is not None
        if node.name in wanted or apart:
            continue
        wanted.add(node.name)
        mixed = node.inputs.values() if node.step.starts else ()
        stack += [graph.nodes[edge.node] for edge in (node.source, *mixed) if edge is not None]
    return made(graph, [node for node in upstream(graph, name) if node.name in wanted])


def upstream(graph: Graph, name: str) -> list[Node]:
    """Every node that went into it, inputs first, itself included."""
    return [node for node in graph.needed_for([graph.final(name).name]) if node.kind != "evaluation"]


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
    if (repo := repo_id(graph, name)) is not None:
        return [repo]
    spec = spec_of(graph, name)
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
    for step in own_chain(graph, name):
        for parameter, value, kind in step.node.step.references():
            if kind == "dataset" and parameter != "validate_on":  # which measures and changes nothing
                found += public_name(graph, value)
            elif step.node.step.verb == "merge" and _unpublished(graph, artifact_name(value), name):
                found += training_data(graph, artifact_name(value))
    return list(dict.fromkeys(found))


def _unpublished(graph: Graph, name: str, other: str) -> bool:
    return name in graph.finals and name != other and repo_id(graph, name) is None


def base_models(graph: Graph, name: str) -> list[str]:
    """Repo ids of the models that a model's weights come from."""
    spec = spec_of(graph, name)
    references = [spec.from_] if isinstance(spec.from_, str) else []
    merges = [step for step in spec.steps if step.verb == "merge"]
    references += [value for step in merges for _, value, kind in step.references() if kind == "model"]
    own = repo_id(graph, name)
    found = [repo for reference in references for repo in public_name(graph, reference)]
    return [repo for repo in dict.fromkeys(found) if repo != own]


def parameters(node: Node) -> dict[str, Any]:
    """A step's parameters as the recipe would write them, without those that are not set."""
    if isinstance(node.step, Source):
        return {}
    values = node.step.model_dump(mode="json", by_alias=True)
    return {key: value for key, value in values.items() if value is not None and value != []}


def translation_prompt(graph: Graph, reference: str) -> str | None:
    """The prompt, with its ``{text}``, by which the recipe has this model translate; None where it does not."""
    for node in graph.nodes.values():
        if node.step.verb == "translate" and getattr(node.step, "model", None) == reference:
            prompt = getattr(node.step, "prompt", "{text}")
            return prompt if prompt.count("{text}") == 1 else "{text}"
    return None
