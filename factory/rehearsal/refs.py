"""Every Hub ref that a run of a recipe will ask for, and what the recipe will ask of its models."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from factory.evaluate.base import RequiredDataset, Suite
from factory.evaluate.texts import suite_named
from factory.recipe import DatasetSpec, LoadedRecipe
from factory.recipe.schema import EndpointModel
from factory.refs import HubRef, is_hub_ref
from factory.rehearsal.taught import origin

Kind = Literal["dataset", "model"]


@dataclass
class Wanted:
    """One repo: where it is first named, under which revisions and configs; `by_suite`: only a suite reads it;
    `shown`: a model that is shown pictures."""

    kind: Kind
    repo: str
    where: str
    revisions: set[str] = field(default_factory=set)
    configs: set[str] = field(default_factory=set)
    by_suite: bool = False
    shown: bool = False
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
    for model in _viewers(loaded):
        if entry := found.get(("model", origin(loaded, model) or "")):
            entry.shown = True
    for suite, where in _suites(loaded):
        for repo in suite.hub_datasets():
            entry = found.setdefault(("dataset", repo), Wanted("dataset", repo, where, by_suite=True))
            if revision := getattr(suite, "revisions", {}).get(repo):
                entry.revisions.add(revision)
    return list(found.values())


def add_required(loaded: LoadedRecipe, repos: list[Wanted]) -> None:
    """Note what suites say about rows of the datasets that they read; some import their libraries to say it."""
    by_repo = {entry.repo: entry for entry in repos if entry.kind == "dataset"}
    for suite, _ in _suites(loaded):
        for required in suite.required_datasets():
            if (entry := by_repo.get(required.repo)) is not None and required not in entry.required:
                entry.required.append(required)


def _suites(loaded: LoadedRecipe) -> Iterator[tuple[Suite, str]]:
    """The suites of `evaluate`, and those that only a step compares its rows with; where each is named first."""
    recipe = loaded.recipe
    known = {name: (suite, str(loaded.place("evaluate", name))) for name, suite in recipe.evaluate.items()}
    for name, spec in recipe.datasets.items():
        for index, step in enumerate(spec.steps):
            for _, value, kind in step.references():
                if kind == "benchmark" and value not in known and value not in recipe.datasets:
                    place = str(loaded.place("datasets", name, "steps", index, step.verb))
                    if (suite := suite_named(recipe.evaluate, value)) is not None:
                        known[value] = suite, place
    for suite, place in known.values():
        if isinstance(suite, Suite):
            yield suite, place


def _viewers(loaded: LoadedRecipe) -> Iterator[str]:
    """The models that steps and suites show pictures, as they are named there."""
    for step in (step for spec in loaded.recipe.datasets.values() for step in spec.steps):
        yield from (getattr(step, parameter) for parameter in step.viewers())
    for suite, _ in _suites(loaded):
        yield from suite.models if suite.shows_pictures else ()


def _references(loaded: LoadedRecipe) -> Iterator[tuple[Kind, str, str]]:
    recipe = loaded.recipe
    for section, specs in (("datasets", recipe.datasets), ("models", recipe.models)):
        for name, spec in specs.items():
            if isinstance(spec.from_, str):
                kind: Kind = "dataset" if isinstance(spec, DatasetSpec) else "model"
                yield kind, spec.from_, str(loaded.place(section, name, "from"))
            elif isinstance(spec.from_, EndpointModel):
                yield "model", spec.from_.stand_in, str(loaded.place(section, name, "from"))
            for index, step in enumerate(spec.steps):
                place = str(loaded.place(section, name, "steps", index, step.verb))
                for _, value, wanted_kind in step.references():
                    yield ("model" if wanted_kind == "model" else "dataset"), value, place
    for suite, place in _suites(loaded):
        for _, value, wanted_kind in suite.references():
            yield ("model" if wanted_kind == "model" else "dataset"), value, place
    for value in recipe.space.demo if recipe.space else []:
        yield "model", value, str(loaded.place("space", "demo"))
