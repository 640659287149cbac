"""What leaves this machine and when: datasets that add up, models whose gates passed, then Space and collection."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from factory.errors import FactoryError
from factory.graph import lineage
from factory.graph.lineage import repo_id, spec_of
from factory.graph.nodes import Graph
from factory.hub.push import Pushed, Release, push
from factory.recipe import DatasetSpec
from factory.step.progress import Progress
from factory.store import Manifest, fingerprint

if TYPE_CHECKING:
    from factory.publishing.dataset_files import Part

PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".msgpack", ".h5"}


def render_card(graph: Graph, name: str) -> str:
    """The README.md an artifact would be published with; what is not measured yet says so."""
    from factory.publishing.cards.dataset import dataset_card
    from factory.publishing.cards.model import model_card

    return dataset_card(graph, name) if isinstance(spec_of(graph, name), DatasetSpec) else model_card(graph, name)


def publish_dataset(graph: Graph, name: str, *, force: bool = False) -> Pushed | None:
    """Push a finished dataset: its shards, the `rejected` config and the card. None where it is not published.

    Raises:
        FactoryError: rows failed beyond `max_failed`, do not add up, or none was kept; or the push is refused.
    """
    from factory.publishing.dataset_files import kept, rejected

    repo = repo_id(graph, name)
    if repo is None:
        return None
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
            Release(
                kind="dataset",
                repo_id=repo,
                fingerprint=final.fingerprint,
                title=name,
                documents={"README.md": render_card(graph, name).encode()},
                files=files,
                private=is_private(graph, name),
                stand_in=_stand_in(graph, name),
                record=final.folder,
                recipe=graph.loaded.recipe.name,
            ),
            force=force,
        )


def publish_model(graph: Graph, name: str, *, force: bool = False) -> Pushed | None:
    """Push a finished model whose gates have passed: weights, card, scores. None where it is not published.

    Raises:
        FactoryError: a gate failed, a file is not safe to pass on, or the push is refused.
    """
    from factory.publishing.cards.model import LOSS_PICTURE, evaluation_files, loss_picture

    repo = repo_id(graph, name)
    if repo is None:
        return None
    notes = check_gates(graph, name)
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
    pushed = push(
        Release(
            kind="model",
            repo_id=repo,
            fingerprint=final.fingerprint,
            title=name,
            documents=documents,
            files=lambda: {path: file for path, file in files.items() if path not in documents},
            private=is_private(graph, name),
            stand_in=_stand_in(graph, name),
            record=final.folder,
            recipe=graph.loaded.recipe.name,
        ),
        force=force,
    )
    return replace(pushed, notes=(*pushed.notes, *notes))


def publish_space(graph: Graph, *, force: bool = False) -> Pushed | None:
    """Push the Space: the app, its `space.json` and its card. None where the recipe has none."""
    from factory.publishing.space import space_files

    recipe = graph.loaded.recipe
    if recipe.space is None:
        return None
    documents = space_files(graph)
    models = [reference for reference in recipe.space.demo if reference in graph.finals]
    repo = recipe.space.repo if "/" in recipe.space.repo else f"{recipe.hub.namespace}/{recipe.space.repo}"
    return push(
        Release(
            kind="space",
            repo_id=repo,
            fingerprint=fingerprint({model: graph.final(model).fingerprint for model in models}),
            title=recipe.space.title or recipe.space.repo,
            documents=documents,
            private=recipe.hub.private,
            stand_in=any(_stand_in(graph, model) for model in models),
            record=_record(graph, "space"),
        ),
        force=force,
    )


def publish_collection(graph: Graph, pushed: Mapping[str, Pushed]) -> Pushed | None:
    """Gather what was pushed in the recipe's collection, models first. None where the recipe names none."""
    from factory.hub.collection import Item, collect

    recipe = graph.loaded.recipe
    if recipe.hub.collection is None or not pushed:
        return None
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
    from factory.evaluate.gates import parse_gate
    from factory.publishing.cards.model import suite_metrics

    spec = graph.loaded.recipe.models[name]
    scores = {suite: suite_metrics(graph, suite) for suite in graph.loaded.recipe.evaluate}
    results = [parse_gate(text, dict.fromkeys(scores)).check(scores, name, spec.from_) for text in spec.gates]
    failed = [result for result in results if not result.passed]
    if _stand_in(graph, name) and all(None not in (result.left, result.right) for result in failed):
        return tuple(f"gate of {name}, not asked of stand-ins: {result.explanation}" for result in failed)
    if failed:
        raise FactoryError(
            f"{name} is not pushed, {len(failed)} of {len(results)} gates failed: "
            f"{'; '.join(result.explanation for result in failed)}",
            where=str(graph.loaded.place("models", name, "gates")),
            fix="improve the model, or change the gate if it asks for too much",
        )
    return ()


def is_private(graph: Graph, name: str) -> bool:
    spec, hub = spec_of(graph, name), graph.loaded.recipe.hub
    stated = spec.publish.private if spec.publish else None
    return hub.private if stated is None else stated


def _stand_in(graph: Graph, name: str) -> bool:
    manifests = [Manifest.load(node.folder) for node in lineage.upstream(graph, name)]
    return any(manifest.stand_in for manifest in manifests if manifest)


@dataclass
class Publisher:
    """Pushes what a recipe publishes and remembers where it went, by the recipe's names."""

    graph: Graph
    progress: Progress
    force: bool = False
    pushed: dict[str, Pushed] = field(default_factory=dict)

    def dataset(self, name: str) -> None:
        """Push one dataset, once."""
        if name not in self.pushed:
            self._done(name, publish_dataset(self.graph, name, force=self.force))

    def models(self) -> None:
        """Push every model, after any dataset that is left. A model that fails its gates does not stop the others.

        Raises:
            FactoryError: with every model that was not pushed and why.
        """
        recipe = self.graph.loaded.recipe
        for name in recipe.datasets:
            self.dataset(name)
        errors: list[FactoryError] = []
        for name in recipe.models:
            try:
                self._done(name, publish_model(self.graph, name, force=self.force))
            except FactoryError as error:
                errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise FactoryError("\n".join(str(error) for error in errors))

    def space(self) -> None:
        """Push the Space, if the recipe has one."""
        self._done("Space", publish_space(self.graph, force=self.force))

    def collection(self) -> None:
        """Gather what was pushed in the recipe's collection."""
        self._done("Collection", publish_collection(self.graph, self.pushed))

    def _done(self, name: str, pushed: Pushed | None) -> None:
        if pushed is None:
            return
        self.pushed[name] = pushed
        if pushed.changed:
            self.progress.log(f"pushed {name} -> {pushed.url}")
        for note in pushed.notes:
            self.progress.log(note)
