"""How much of what a model is measured on stands in what it was trained on.

Looked for once, before the model's card leaves, and kept in the store: ``contamination/<evaluation>-<data>.json``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from factory.evaluate.base import DETAILS, Suite
from factory.evaluate.found import Found, look_for
from factory.graph import lineage
from factory.graph.nodes import Edge, Graph, Node
from factory.graph.run import PARTS
from factory.store import Dataset, Manifest, fingerprint, write_atomically
from factory.store.writing import damage

FOLDER = "contamination"
TRAINERS = ("pretrain", "sft", "dpo")


def look(graph: Graph, name: str) -> None:
    """Look for the samples of all that a model of the recipe is measured on in the data of all its trainings here.

    Nothing is looked for in damaged data: that is told where the data itself would leave.
    """
    for node, path, edges in _wanted(graph, name):
        if not path.is_file() and all(_is_whole(graph.nodes[edge.node]) for edge in edges):
            shards = [Dataset(graph.nodes[edge.node].folder).shards(edge.split) for edge in edges]
            found = look_for(node.folder, node.step.texts, shards)  # type: ignore[attr-defined]
            path.parent.mkdir(exist_ok=True)
            write_atomically(path, found.dump())


def _is_whole(node: Node) -> bool:
    facts = manifest.files if (manifest := Manifest.load(node.folder)) else None
    return facts is None or not damage(node.folder, facts, PARTS[node.kind])


def found(graph: Graph, suite: str, name: str) -> tuple[Found, dict[str, float]] | None:
    """What was found of a suite, and {score: percent of its samples}; None where nobody has looked."""
    for node, path, _ in _wanted(graph, name):
        if node.artifact == suite and (known := Found.load(path)) is not None:
            return known, known.shares(node.folder)
    return None


def _wanted(graph: Graph, name: str) -> Iterator[tuple[Node, Path, list[Edge]]]:
    """Each finished evaluation of a model that was trained, where its result lies, and the data to look into."""
    edges = [edge for edge in trained_on(graph, name) if Manifest.load(graph.nodes[edge.node].folder)]
    data = fingerprint({"data": [[graph.nodes[edge.node].fingerprint, edge.split] for edge in edges]})[:16]
    for step in lineage.made(graph, graph.evaluations(name)) if edges else ():
        known = isinstance(step.node.step, Suite) and (step.node.folder / DETAILS).is_file()
        if step.manifest and known:
            yield step.node, graph.store.root / FOLDER / f"{step.node.fingerprint[:16]}-{data}.json", edges


def trained_on(graph: Graph, name: str) -> list[Edge]:
    """The datasets of every training in the recipe that a model's weights have gone through, those of merged models
    included. What models from the Hub were trained on is not known here.
    """
    found: dict[Edge, None] = {}
    seen: set[str] = set()
    waiting = [graph.final(name).name]
    while waiting:
        node = graph.nodes[waiting.pop()]
        if node.name in seen or node.kind != "model":
            continue
        seen.add(node.name)
        waiting += [node.source.node] if node.source else []
        for parameter, value, kind in node.step.references():
            edge = node.inputs[value]
            if kind == "model" and node.step.verb == "merge":
                waiting.append(edge.node)
            elif kind == "dataset" and parameter == "data" and node.step.verb in TRAINERS:
                found[edge] = None
    return [*found]
