"""Every Hub ref that a run of a recipe will ask for, and what the recipe will ask of its models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from factory.evaluate.base import Suite
from factory.recipe import DatasetSpec, LoadedRecipe
from factory.recipe.refs import HubRef, is_hub_ref

if TYPE_CHECKING:
    from factory.evaluate.base import RequiredDataset

Kind = Literal["dataset", "model"]


@dataclass
class Wanted:
    """One repo: where it is first named, under which revisions and configs; `by_suite`: only a suite reads it."""

    kind: Kind
    repo: str
    where: str
    revisions: set[str] = field(default_factory=set)
    configs: set[str] = field(default_factory=set)
    by_suite: bool = False
    required: list[RequiredDataset] = field(default_factory=list)


def wanted(loaded: LoadedRecipe) -> list[Wanted]:
    """The repos of a recipe, in the order of the recipe; those that suites read by themselves come last."""
    found: dict[tuple[Kind, str], Wanted] = {}
    for kind, text, where in _references(loaded):
        if not is_hub_ref(text):
            continue
        ref = HubRef.parse(text)
        entry = found.setdefault((kind, ref.repo), Wanted(kind, ref.repo, where))
        if ref.revision and ref.revision != "main":
            entry.revisions.add(ref.revision)
        if ref.config:
            entry.configs.add(ref.config)
    for name, suite in loaded.recipe.evaluate.items():
        if not isinstance(suite, Suite):
            continue
        where = str(loaded.place("evaluate", name))
        for repo in suite.hub_datasets():
            entry = found.setdefault(("dataset", repo), Wanted("dataset", repo, where, by_suite=True))
            if revision := getattr(suite, "revisions", {}).get(repo):
                entry.revisions.add(revision)
    return list(found.values())


def add_required(loaded: LoadedRecipe, repos: list[Wanted]) -> None:
    """Note what suites say about rows of the datasets that they read; some import their libraries to say it."""
    by_repo = {entry.repo: entry for entry in repos if entry.kind == "dataset"}
    for suite in loaded.recipe.evaluate.values():
        for required in suite.required_datasets() if isinstance(suite, Suite) else []:
            if (entry := by_repo.get(required.repo)) is not None and required not in entry.required:
                entry.required.append(required)


def _references(loaded: LoadedRecipe) -> Iterator[tuple[Kind, str, str]]:
    recipe = loaded.recipe
    for section, specs in (("datasets", recipe.datasets), ("models", recipe.models)):
        for name, spec in specs.items():
            if isinstance(spec.from_, str):
                kind: Kind = "dataset" if isinstance(spec, DatasetSpec) else "model"
                yield kind, spec.from_, str(loaded.place(section, name, "from"))
            for index, step in enumerate(spec.steps):
                place = str(loaded.place(section, name, "steps", index, step.verb))
                for _, value, wanted_kind in step.references():
                    yield wanted_kind, value, place
    for name, suite in recipe.evaluate.items():
        for _, value, wanted_kind in suite.references():
            yield wanted_kind, value, str(loaded.place("evaluate", name))
    for value in recipe.space.demo if recipe.space else []:
        yield "model", value, str(loaded.place("space", "demo"))
