"""Scores of a model serve every model with the same files: a copy under another name is not measured again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from factory.graph.nodes import Graph, Node
from factory.store import Manifest

MODEL = "model/"


def adopt_scores(graph: Graph, node: Node) -> Manifest | None:
    """Finish an evaluation with what the same protocol measured of another model whose files are the same.

    The manifest says whose scores they are. None where there is no such evaluation, or this one is done or begun.
    """
    if node.folder.exists() or graph.store.partial(node.folder).exists() or node.source is None:
        return None
    model = Manifest.load(graph.nodes[node.source.node].folder)
    if model is None or not (files := _files(model)):
        return None
    everything = dict(graph.store.manifests())
    same = {manifest.fingerprint for manifest in everything.values() if _files(manifest) == files}
    for folder, manifest in everything.items():
        if (
            manifest.kind == "evaluation"
            and manifest.identity.get("source") in same
            and _protocol(manifest.identity) == _protocol(node.identity)
        ):
            partial = graph.store.partial(node.folder)
            shutil.copytree(folder, partial, ignore=shutil.ignore_patterns("manifest.json"))
            note = f"measured of {manifest.name.partition('/')[2]}, whose files are the same"
            own = {
                "name": node.name,
                "fingerprint": node.fingerprint,
                "identity": node.identity,
                "inputs": {edge.node: graph.nodes[edge.node].fingerprint for edge in node.edges},
                "notes": [*manifest.notes, note],
                "recipes": [graph.loaded.recipe.name],
            }
            graph.store.finish(node.folder, manifest.model_copy(update=own))
            return manifest
    return None


def _files(manifest: Manifest) -> dict[str, str | None]:
    """{path: digest} of a model's files; empty for anything else."""
    facts = manifest.files if manifest.kind == "model" else None
    return {name: fact.sha256 for name, fact in (facts or {}).items() if name.startswith(MODEL)}


def _protocol(identity: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in identity.items() if key != "source"}
