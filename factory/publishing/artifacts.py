"""How a finished dataset or model leaves: its files compared with what was written, its card rendered, one push."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from factory.errors import FactoryError
from factory.graph import lineage
from factory.graph.lineage import Lineage, Made
from factory.graph.nodes import Graph
from factory.graph.run import PARTS
from factory.hub.push import Pushed, Release, push
from factory.publishing.benchmarks import benchmark_file
from factory.publishing.cards.dataset import dataset_card
from factory.publishing.cards.family import LINEAGE_PICTURE, lineage_picture
from factory.publishing.cards.model import model_card
from factory.publishing.cards.recipe_files import recipe_documents
from factory.publishing.cards.safety import SAFETY_PICTURE, safety_picture
from factory.publishing.dataset_files import REJECTED, files_of, require_rows
from factory.publishing.model_files import model_documents, model_files
from factory.store.scratch import scratch_folder
from factory.store.writing import Digests, require_undamaged

Content = tuple[dict[str, bytes], Callable[[Path], dict[str, Path]]]
"""Documents, and what makes the large files, if need be in a folder that stays for the push; by path in the repo."""


def publish(graph: Graph, name: str, *, force: bool = False) -> Pushed:
    """Push a finished artifact that the recipe publishes: its files and its card.

    Raises:
        FactoryError: it must not leave as it is (damaged files, failed rows, no rows, unsafe weights), or the push is
            refused.
    """
    recipe, history = graph.loaded.recipe, lineage.of(graph, name)
    final, repo = history.final, recipe.repo_id(name)
    assert repo is not None, f"{name} is not published"
    is_dataset = name in recipe.datasets
    leaving = _leaving_parts(history)
    _compare(leaving, digests=False)
    try:
        documents, files = (dataset_content if is_dataset else model_content)(graph, name, history)
    except FactoryError:
        raise
    except Exception:  # what cannot be read may be damaged
        _compare(leaving)
        raise

    def undamaged(scratch: Path) -> dict[str, Path]:
        _compare(leaving)
        return files(scratch)

    with scratch_folder(graph.store.root) as scratch:
        release = Release(
            kind="dataset" if is_dataset else "model",
            repo_id=repo,
            fingerprint=final.fingerprint,
            title=name,
            documents=documents,
            files=partial(undamaged, scratch),
            private=recipe.is_private(name),
            stand_in=history.stand_in,
            record=final.folder,
            recipe=recipe.name,
            about=_holds(history),
        )
        pushed = push(release, force=force)
    unknown = [step.node.name for step, _ in leaving if step.manifest and step.manifest.files is None]
    if not (pushed.changed and unknown):
        return pushed
    said = f"{', '.join(dict.fromkeys(unknown))}: made before digests were kept, so that no damage would be noticed"
    return replace(pushed, notes=(*pushed.notes, said))


def _holds(history: Lineage) -> str:
    """What an artifact is, in a few words, for the title of its commit."""
    manifest = history.own[-1].manifest
    if manifest is None:
        return ""
    if manifest.rows is not None:
        return f"{manifest.rows.kept:,} row{'' if manifest.rows.kept == 1 else 's'}"
    parameters = manifest.metrics.get("parameters")
    return f"{parameters:,} parameters" if parameters else ""


def _leaving_parts(history: Lineage) -> list[tuple[Made, str]]:
    """The steps of which files are pushed, each with the part of its folder that they lie in."""
    final = [(step, PARTS[step.node.kind]) for step in history.everything if step.node is history.final]
    return final + [(step, REJECTED) for step in history.rows if step.node.kind == "dataset"]


def _compare(leaving: list[tuple[Made, str]], *, digests: bool = True) -> None:
    """
    Raises:
        FactoryError: a file that would leave is not as it was written.
    """
    read = Digests()
    for step, part in leaving:
        if step.manifest is not None:
            require_undamaged(step.node.name, step.node.folder, step.manifest.files, part, digests=digests, read=read)


def render_card(graph: Graph, name: str) -> str:
    """The README.md an artifact would be published with; what is not measured yet says so.

    Raises:
        FactoryError: a file that it tells of is gone, or of another size than was written.
    """
    history = lineage.of(graph, name)
    _compare(_leaving_parts(history), digests=False)
    if name in graph.loaded.recipe.datasets:
        return dataset_card(graph, name, history, files_of(history))
    return model_card(graph, name, history)


def dataset_content(graph: Graph, name: str, history: Lineage) -> Content:
    """The card of a finished dataset with its pictures and recipe, ``eval.yaml`` where it is a benchmark, its shards.

    Raises:
        FactoryError: rows failed beyond `max_failed`, do not add up, or none was kept.
    """
    require_rows(graph, history)
    files = files_of(history)
    if files.rows == 0:
        where, why = str(history.final.place), f"look at why: factory card … {name}"
        raise FactoryError("no row was kept", where=where, fix=why)
    card = dataset_card(graph, name, history, files).encode()
    measured = benchmark_file(graph, name) if graph.loaded.recipe.evaluate else {}
    drawn = {
        SAFETY_PICTURE: safety_picture(history.rows) if history.judged else None,
        LINEAGE_PICTURE: lineage_picture(graph, history.everything),
    }
    pictures = {path: picture for path, picture in drawn.items() if picture}
    return {"README.md": card, **pictures, **measured, **recipe_documents(graph)}, files.paths


def model_content(graph: Graph, name: str, history: Lineage) -> Content:
    """The card of a finished model with its scores, and its weights.

    Raises:
        FactoryError: a file is not safe to pass on.
    """
    files, documents = model_files(name, history), model_documents(graph, name, history)
    return documents, lambda scratch: {path: file for path, file in files.items() if path not in documents}
