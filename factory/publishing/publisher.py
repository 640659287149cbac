"""What leaves this machine: datasets that add up, models, the Space, the collection; and the gates before a model."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from factory.errors import FactoryError
from factory.graph import lineage
from factory.graph.lineage import is_private, is_pushed, is_stand_in, repo_id, spec_of
from factory.graph.nodes import Graph
from factory.hub.push import Pushed, Release, push
from factory.recipe import DatasetSpec
from factory.store import Manifest, fingerprint

if TYPE_CHECKING:
    from factory.publishing.dataset_files import Part

PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".msgpack", ".h5"}


def render_card(graph: Graph, name: str) -> str:
    """The README.md an artifact would be published with; what is not measured yet says so."""
    from factory.publishing.cards.dataset import dataset_card
    from factory.publishing.cards.model import model_card

    return dataset_card(graph, name) if isinstance(spec_of(graph, name), DatasetSpec) else model_card(graph, name)


def publish(graph: Graph, name: str, *, force: bool = False) -> Pushed:
    """Push an artifact that the recipe publishes.

    Raises:
        FactoryError: it must not leave as it is, or the push is refused.
    """
    kind = publish_dataset if name in graph.loaded.recipe.datasets else publish_model
    return kind(graph, name, force=force)


def publish_dataset(graph: Graph, name: str, *, force: bool = False) -> Pushed:
    """Push a finished dataset: its shards, the `rejected` config and the card.

    Raises:
        FactoryError: rows failed beyond `max_failed`, do not add up, or none was kept; or the push is refused.
    """
    from factory.publishing.dataset_files import kept, rejected

    check_rows(graph, name)
    final = graph.final(name)
    parts: list[Part] = kept(final.folder)
    if sum(part.rows for part in parts) == 0:
        raise FactoryError("no row was kept", where=str(final.place), fix=f"look at why: factory card … {name}")
    rest = rejected(lineage.row_chain(graph, name))
    with tempfile.TemporaryDirectory(prefix=".push-", dir=graph.store.root) as scratch:

        def files() -> Mapping[str, Path]:
            found: dict[str, Path] = {}
            for part in [*parts, *([rest] if rest else [])]:
                found |= part.files(Path(scratch))
            return found

        return push(
            _release(graph, name, "dataset", {"README.md": render_card(graph, name).encode()}, files), force=force
        )


def _release(
    graph: Graph,
    name: str,
    kind: Literal["dataset", "model"],
    documents: Mapping[str, bytes],
    files: Callable[[], Mapping[str, Path]],
) -> Release:
    repo, final = repo_id(graph, name), graph.final(name)
    assert repo is not None, f"{name} is not published"
    return Release(
        kind=kind,
        repo_id=repo,
        fingerprint=final.fingerprint,
        title=name,
        documents=documents,
        files=files,
        private=is_private(graph, name),
        stand_in=is_stand_in(graph, name),
        record=final.folder,
        recipe=graph.loaded.recipe.name,
    )


def publish_model(graph: Graph, name: str, *, force: bool = False) -> Pushed:
    """Push a finished model: weights, card, scores. Its gates are a stage of their own, before this one.

    Raises:
        FactoryError: a file is not safe to pass on, or the push is refused.
    """
    from factory.publishing.cards.model import LOSS_PICTURE, evaluation_files, loss_picture

    final = graph.final(name)
    folder = final.folder / "model"
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    unsafe = [path for path in files if Path(path).suffix in PICKLES]
    if unsafe or not any(path.endswith(".safetensors") for path in files):
        found = f"holds {', '.join(unsafe)}" if unsafe else "holds no .safetensors file"
        raise FactoryError(f"{name} {found}", where=str(folder), fix="only safetensors are published")
    picture = loss_picture(graph, name)
    documents = {
        "README.md": render_card(graph, name).encode(),
        **evaluation_files(graph, name),
        **({LOSS_PICTURE: picture} if picture else {}),
    }
    rest = {path: file for path, file in files.items() if path not in documents}
    return push(_release(graph, name, "model", documents, lambda: rest), force=force)


def space_repo(graph: Graph) -> str:
    """``owner/name`` of the recipe's Space."""
    recipe = graph.loaded.recipe
    assert recipe.space is not None, "the recipe has no space"
    return recipe.space.repo if "/" in recipe.space.repo else f"{recipe.hub.namespace}/{recipe.space.repo}"


def publish_space(graph: Graph, *, force: bool = False) -> Pushed:
    """Push the Space: the app, its `space.json` and its card. It shows those of its models that are on the Hub."""
    from factory.publishing.space import space_files

    recipe, repo = graph.loaded.recipe, space_repo(graph)
    assert recipe.space is not None
    own = {model for model in recipe.space.demo if model in graph.finals}
    missing = [model for model in sorted(own) if repo_id(graph, model) and not is_pushed(graph, model)]
    shown = [model for model in recipe.space.demo if model not in missing]
    own -= {*missing}
    pushed = push(
        Release(
            kind="space",
            repo_id=repo,
            fingerprint=fingerprint({model: graph.final(model).fingerprint for model in own}),
            title=recipe.space.title or recipe.space.repo,
            documents=space_files(graph, shown),
            private=recipe.hub.private,
            stand_in=is_stand_in(graph, *own),
            record=_record(graph, "space"),
        ),
        force=force,
    )
    notes = [f"not on the Hub, so left out of the Space: {', '.join(missing)}"] if missing else []
    return replace(pushed, notes=(*pushed.notes, *notes))


def publish_collection(graph: Graph, pushed: Mapping[str, Pushed]) -> Pushed:
    """Gather what was pushed in the recipe's collection, models first."""
    from factory.hub.collection import Item, collect

    recipe = graph.loaded.recipe
    assert recipe.hub.collection is not None
    order = {"model": 0, "dataset": 1, "space": 2}
    items = [
        Item(item.kind, item.repo_id, _note(graph, name))
        for name, item in sorted(pushed.items(), key=lambda entry: order.get(entry[1].kind, 3))
        if item.kind != "collection"
    ]
    return collect(
        recipe.hub.namespace,
        recipe.hub.collection,
        items,
        description=recipe.description or recipe.title or "",
        private=recipe.hub.private,
        record=_record(graph, "collection"),
    )


def _note(graph: Graph, name: str) -> str:
    recipe = graph.loaded.recipe
    spec = recipe.datasets.get(name) or recipe.models.get(name)
    if spec is None:
        return recipe.space.title or "" if recipe.space else ""
    return (spec.publish.description if spec.publish else None) or spec.description or ""


def _record(graph: Graph, name: str) -> Path:
    """Where what is no artifact remembers its last push."""
    return graph.store.root / "published" / f"{graph.loaded.recipe.name}-{name}"


def check_rows(graph: Graph, name: str) -> None:
    """Every dataset whose rows went in must add up, with no more failed rows than its `max_failed`.

    Raises:
        FactoryError: one does not, or is not finished.
    """
    recipe = graph.loaded.recipe
    for artifact in dict.fromkeys(node.artifact for node in lineage.derived_from(graph, name)):
        if artifact not in recipe.datasets:
            continue
        for node in graph.chain(artifact):
            manifest = Manifest.load(node.folder)
            if manifest is None or manifest.rows is None:
                raise FactoryError(f"{node.name} is not finished", where=str(node.place), fix="build it first")
            rows = manifest.rows
            if not rows.balanced:
                raise FactoryError(
                    f"rows do not add up: {rows.rows_in:,} in, {rows.kept:,} kept, {rows.rejected:,} rejected, "
                    f"{rows.failed:,} failed",
                    where=node.name,
                    fix=f"delete {node.folder} and build it again",
                )
            allowed = recipe.datasets[artifact].max_failed
            if rows.failed > allowed * rows.rows_in:
                raise FactoryError(
                    f"{rows.failed:,} of {rows.rows_in:,} rows failed, max_failed is {allowed:g}; not pushed",
                    where=str(node.place),
                    fix=f"see why in {node.folder / 'rejected'}, or allow it: max_failed",
                )


def check_gates(graph: Graph, name: str) -> tuple[str, ...]:
    """Judge a model's gates on the scores measured in this store.

    What stand-ins score says nothing, so a rehearsal only notes which gates they did not pass; that a score is missing
    is a mistake all the same.

    Raises:
        FactoryError: naming every gate that failed, with the numbers and their interval.
    """
    from factory.evaluate.board import by_suite
    from factory.evaluate.gates import parse_gate

    spec = graph.loaded.recipe.models[name]
    scores = {suite: {} for suite in graph.loaded.recipe.evaluate} | by_suite(lineage.board(graph))
    results = [parse_gate(text, dict.fromkeys(scores)).check(scores, name, spec.base) for text in spec.gates]
    failed = [result for result in results if not result.passed]
    if is_stand_in(graph, name) and all(None not in (result.left, result.right) for result in failed):
        return tuple(f"gate of {name}, not asked of stand-ins: {result.explanation}" for result in failed)
    if failed:
        raise FactoryError(
            f"{name} is not pushed, {len(failed)} of {len(results)} gates failed: "
            f"{'; '.join(result.explanation for result in failed)}",
            where=str(graph.loaded.place("models", name, "gates")),
            fix="improve the model, or change the gate if it asks for too much",
        )
    return ()
