"""What of a model leaves: safe weights, its card and scores."""

from __future__ import annotations

from pathlib import Path

from factory.errors import FactoryError
from factory.graph.lineage import Lineage
from factory.graph.nodes import Graph
from factory.publishing.benchmarks import result_files
from factory.publishing.cards.model import model_documents as card_documents
from factory.publishing.cards.recipe_files import recipe_documents

PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".msgpack", ".h5"}


def model_files(name: str, history: Lineage) -> dict[str, Path]:
    """The files of a finished model by their paths in the repo.

    Raises:
        FactoryError: one is not safe to pass on.
    """
    folder = history.final.folder / "model"
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    unsafe = [path for path in files if Path(path).suffix in PICKLES]
    if unsafe or not any(path.endswith(".safetensors") for path in files):
        found = f"{name} holds {', '.join(unsafe)}" if unsafe else f"{name} holds no .safetensors file"
        raise FactoryError(found, where=str(folder), fix="only safetensors are published")
    return files


def model_documents(graph: Graph, name: str, history: Lineage) -> dict[str, bytes]:
    """The card with its pictures, the scores as the Hub reads them, and the recipe, by path in the repo."""
    card = card_documents(graph, name, history)
    return {**card, **result_files(graph, name), **recipe_documents(graph)}
