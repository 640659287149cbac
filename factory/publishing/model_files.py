"""What of a model leaves: safe weights, its card and scores; and the gates that it must pass before."""

from __future__ import annotations

from pathlib import Path

from factory.errors import FactoryError
from factory.evaluate.board import by_suite
from factory.evaluate.gates import parse_gate
from factory.graph import lineage
from factory.graph.lineage import Lineage
from factory.graph.nodes import Graph
from factory.publishing.benchmarks import result_files
from factory.publishing.cards.model import LOSS_PICTURE, loss_picture, model_card

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
    """The card, the scores as the Hub reads them, and the picture of the losses, by path in the repo."""
    picture = loss_picture(history.own)
    return {
        "README.md": model_card(graph, name, history).encode(),
        **result_files(graph, name),
        **({LOSS_PICTURE: picture} if picture else {}),
    }


def judge_gates(graph: Graph, name: str) -> tuple[str, ...]:
    """Judge a model's gates on the scores measured in this store.

    What stand-ins score says nothing, so a rehearsal only notes which gates they did not pass; that a score is missing
    is a mistake all the same.

    Raises:
        FactoryError: naming every gate that failed, with the numbers and their interval.
    """
    spec = graph.loaded.recipe.models[name]
    scores = {suite: {} for suite in graph.loaded.recipe.evaluate} | by_suite(lineage.board(graph))
    results = [parse_gate(text, dict.fromkeys(scores)).check(scores, name, spec.base) for text in spec.gates]
    failed = [result for result in results if not result.passed]
    if lineage.of(graph, name).stand_in and all(None not in (result.left, result.right) for result in failed):
        return tuple(f"gate of {name}, not asked of stand-ins: {result.explanation}" for result in failed)
    if failed:
        raise FactoryError(
            f"{name} is not pushed, {len(failed)} of {len(results)} gates failed: "
            f"{'; '.join(result.explanation for result in failed)}",
            where=str(graph.loaded.place("models", name, "gates")),
            fix="improve the model, or change the gate if it asks for too much",
        )
    return ()
