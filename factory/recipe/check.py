"""What no single field can know: names that exist, kinds that fit, graphs without circles, columns that are there."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from factory.errors import FactoryError, nearest
from factory.evaluate.base import Suite
from factory.evaluate.gates import BASE, parse_dataset_gate, parse_gate
from factory.evaluate.texts import data_references, suite_named
from factory.hub.names import (
    LISTED,
    license_link_problem,
    license_name_problem,
    license_problem,
    owner_problem,
    repo_problem,
    source_license_problem,
    tag_problem,
    title_problem,
)
from factory.recipe.schema import DatasetSpec, Demo, EndpointModel, ModelSpec, Recipe
from factory.recipe.source import Location, Source
from factory.refs import HubRef, artifact_name, is_hub_ref, is_local, step_number
from factory.resources import local_path, resource
from factory.step.base import Step
from factory.steps.split import Split
from factory.text.language_codes import same_language


def check(recipe: Recipe, source: Source) -> None:
    """Add every cross-cutting mistake to ``source.problems``."""
    for section, specs in (("datasets", recipe.datasets), ("models", recipe.models)):
        for name, spec in specs.items():
            if name in recipe.datasets and name in recipe.models and section == "models":
                source.report((section, name), f"{name!r} is also a dataset: names are unique in a recipe")
            _check_artifact(recipe, source, (section, name), spec)
    for name, suite in recipe.evaluate.items():
        for parameter, value, kind in suite.references():
            _check_reference(recipe, source, ("evaluate", name, parameter), value, kind)
        _check_splits(recipe, source, ("evaluate", name), suite)
    if recipe.space:
        apps = sorted(path.parent.name for path in resource("spaces").glob("*/app.py"))
        if recipe.space.app not in apps:
            source.report(("space", "app"), f"no Space app {recipe.space.app!r}{nearest(recipe.space.app, apps)}")
        for index, value in enumerate(recipe.space.demo):
            _check_reference(recipe, source, ("space", "demo", index), value, "model")
    _check_endpoints(recipe, source)
    _check_gates(recipe, source)
    _check_names(recipe, source)
    _check_licenses(recipe, source)
    if not source.problems:
        _check_cycles(recipe, source)
    if not source.problems:
        _check_columns(recipe, source)


def _check_artifact(recipe: Recipe, source: Source, at: Location, spec: DatasetSpec | ModelSpec) -> None:
    kind = "dataset" if at[0] == "datasets" else "model"
    starts = bool(spec.steps) and spec.steps[0].starts
    if spec.from_ is None and not starts and not source.problems:
        source.report(at, f"{at[1]!r} has neither `from` nor a first step that starts from nothing")
    if spec.from_ is not None and starts:
        source.report((*at, "steps", 0), f"`{spec.steps[0].verb}` starts from nothing: take `from` away")
    if isinstance(spec.from_, str):
        _check_reference(recipe, source, (*at, "from"), spec.from_, kind)
    elif isinstance(spec.from_, Demo):
        from factory.demo.catalogue import GENERATORS

        if spec.from_.demo not in GENERATORS:
            message = f"no generator {spec.from_.demo!r}{nearest(spec.from_.demo, GENERATORS)}"
            source.report((*at, "from", "demo"), message)
    for index, step in enumerate(spec.steps):
        for parameter, value, wanted in step.references():
            _check_reference(recipe, source, (*at, "steps", index, step.verb, parameter), value, wanted)
        _check_splits(recipe, source, (*at, "steps", index, step.verb), step)
        languages = recipe.language.source, recipe.language.target
        if step.verb in ("translate", "backtranslate") and same_language(*languages):
            message = f"`language` has one language twice ({' and '.join(languages)}): there is nothing to translate"
            source.report((*at, "steps", index), message)
        if step.verb == "split" and index < len(spec.steps) - 1:
            source.report((*at, "steps", index), "`split` must be the last step")
    if isinstance(spec, ModelSpec) and spec.trust_remote_code:
        revision = HubRef.parse(spec.from_).revision if isinstance(spec.from_, str) and is_hub_ref(spec.from_) else ""
        if len(revision or "") != 40:
            source.report((*at, "trust_remote_code"), "trust_remote_code needs `from` pinned to a commit SHA")


def _check_reference(recipe: Recipe, source: Source, at: Location, value: str, kind: str) -> None:
    if kind == "benchmark":
        _check_benchmark(recipe, source, at, value)
        return
    if is_local(value):
        if local_path(source.folders, value) is None:
            source.report(at, f"no such file or folder: {value}")
        return
    if is_hub_ref(value):
        try:
            _check_name(source, at, repo_problem(HubRef.parse(value).repo))
        except ValueError as error:
            source.report(at, str(error))
        return
    name = artifact_name(value)
    own, other = (recipe.datasets, recipe.models) if kind == "dataset" else (recipe.models, recipe.datasets)
    if name in other and name not in own:
        source.report(at, f"{value!r} is a {'model' if kind == 'dataset' else 'dataset'}, a {kind} is needed here")
    elif name not in own:
        source.report(at, f"no {kind} {name!r} in this recipe{nearest(name, own)}; a Hub ref is owner/name")
    elif "@" in value:
        _check_step(recipe, source, at, value, kind)
    elif kind == "dataset" and ":" in value:
        _check_split(recipe, source, at, name, value.partition(":")[2])


def _check_splits(recipe: Recipe, source: Source, at: Location, step: Step) -> None:
    """Splits that a parameter of their own asks of the dataset in `data`."""
    data = getattr(step, "data", None)
    for parameter in ("split", "eval_split", "few_shot_split"):
        wanted = getattr(step, parameter, None)
        for value in data if isinstance(data, list | dict) else [data]:
            if wanted is not None and isinstance(value, str) and value in recipe.datasets:
                _check_split(recipe, source, (*at, parameter), value, wanted)


def _check_split(recipe: Recipe, source: Source, at: Location, name: str, wanted: str) -> None:
    """A dataset that has steps has one split, `train`, unless the last of them splits it."""
    steps = recipe.datasets[name].steps
    if not steps or not all(step.verb for step in steps):
        return
    splits = ["train", *(steps[-1].sizes or [] if isinstance(steps[-1], Split) else [])]
    if wanted not in splits:
        source.report(at, f"{name!r} has no split {wanted!r}{nearest(wanted, splits)}")


def _check_step(recipe: Recipe, source: Source, at: Location, value: str, kind: str) -> None:
    """``model@2``: a step that there is; in the model itself, one that comes before."""
    name = artifact_name(value)
    try:
        number = step_number(value)
    except ValueError as error:
        source.report(at, str(error))
        return
    if kind == "dataset":
        source.report(at, f"{value!r}: single steps are named of models only")
        return
    before = next((part for part in at[3:4] if isinstance(part, int)), None) if name == at[1] else None
    last = len(recipe.models[name].steps) if before is None else before
    if number is not None and number > last:
        there = f"{name!r} has {last} step{'s' if last != 1 else ''}" + ("" if before is None else " before this one")
        source.report(at, f"no step {number}: {there}")


def _check_endpoints(recipe: Recipe, source: Source) -> None:
    """A model behind an endpoint has no weights: it answers, and nothing can be made of it or measured inside it."""
    behind = {name: spec for name, spec in recipe.models.items() if isinstance(spec.from_, EndpointModel)}
    for name, spec in behind.items():
        at = ("models", name)
        if spec.license is None:
            source.report(at, f"{name!r} answers behind an endpoint: state its `license`, which its answers may carry")
        given = {key: getattr(spec, key) for key in ("steps", "publish", "gates", "trust_remote_code")}
        for key in (key for key, value in given.items() if value):
            source.report((*at, key), f"{name!r} has no weights here: they are behind an endpoint")
    for at, step in _steps(recipe):
        for parameter, value, kind in step.references():
            if kind == "model" and artifact_name(value) in behind and parameter not in step.generators():
                source.report((*at, parameter), f"{step.verb} needs weights, and {value!r} answers behind an endpoint")
    for name, spec in recipe.models.items():
        if isinstance(spec.from_, str) and artifact_name(spec.from_) in behind:
            source.report(
                ("models", name, "from"), f"{spec.from_!r} has no weights here: it answers behind an endpoint"
            )
    for index, value in enumerate(recipe.space.demo if recipe.space else []):
        if artifact_name(value) in behind:
            source.report(("space", "demo", index), f"a Space needs weights, and {value!r} answers behind an endpoint")


def _steps(recipe: Recipe) -> Iterator[tuple[Location, Step]]:
    """Every step and suite with its place."""
    for section, specs in (("datasets", recipe.datasets), ("models", recipe.models)):
        for name, spec in specs.items():
            for index, step in enumerate(spec.steps):
                yield (section, name, "steps", index, step.verb), step
    for name, suite in recipe.evaluate.items():
        yield ("evaluate", name), suite


def _check_benchmark(recipe: Recipe, source: Source, at: Location, value: str) -> None:
    if is_local(value) or is_hub_ref(value) or artifact_name(value) in recipe.datasets:
        _check_reference(recipe, source, at, value, "dataset")
    elif suite_named(recipe.evaluate, value) is None:
        known = [*recipe.evaluate, *recipe.datasets]
        source.report(at, f"no evaluation or dataset {value!r} in this recipe{nearest(value, known)}")


def _check_gates(recipe: Recipe, source: Source) -> None:
    for name, spec in recipe.datasets.items():
        for index, text in enumerate(spec.gates):
            try:
                parse_dataset_gate(text)
            except ValueError as error:
                source.report(("datasets", name, "gates", index), str(error))
        if spec.origin == "authentic" and any(step.verb == "translate" for step in spec.steps):
            source.report(("datasets", name, "origin"), f"{name!r} is translated by a step of its own")
    for name, spec in recipe.models.items():
        for index, text in enumerate(spec.gates):
            at = ("models", name, "gates", index)
            try:
                gate = parse_gate(text)
            except ValueError as error:
                source.report(at, str(error))
                continue
            if gate.right == BASE and spec.from_ is None:
                source.report(at, f"{name!r} starts from nothing: it has no base to compare with")
            if gate.suite not in recipe.evaluate:
                source.report(at, f"no evaluation {gate.suite!r}{nearest(gate.suite, recipe.evaluate)}")
                continue
            suite = recipe.evaluate[gate.suite]
            scores = suite.score_names() if isinstance(suite, Suite) else None
            if gate.score and scores is not None and gate.score not in scores:
                source.report(at, f"{gate.suite} has no score {gate.score!r}{nearest(gate.score, scores)}")
            measured = [value for _, value, kind in suite.references() if kind == "model"]
            for needed in gate.models(name, spec.base):
                if needed not in measured:
                    source.report(
                        at, f"the gate compares {needed!r}, which evaluate.{gate.suite}.models does not list"
                    )


def _check_names(recipe: Recipe, source: Source) -> None:
    """Every name that a Hub is sent: what it refuses there is a mistake of the recipe."""
    hub, taken = recipe.hub, {}
    _check_name(source, ("hub", "namespace"), owner_problem(hub.namespace))
    if hub.collection is not None:
        _check_name(source, ("hub", "collection"), title_problem(hub.collection))
    for section, specs in (("datasets", recipe.datasets), ("models", recipe.models)):
        for name, spec in specs.items():
            if spec.publish is None:
                continue
            at = (section, name, "publish")
            _check_repo(recipe, source, (*at, "repo"), spec.publish.repo)
            for index, tag in enumerate(spec.publish.tags):
                _check_name(source, (*at, "tags", index), tag_problem(tag))
            repo = recipe.in_namespace(spec.publish.repo)
            if (other := taken.get((section, repo.lower()))) is not None:
                source.report(at, f"{repo} is already published by {other!r}")
            taken[(section, repo.lower())] = name
    if recipe.space:
        _check_repo(recipe, source, ("space", "repo"), recipe.space.repo)


def _check_licenses(recipe: Recipe, source: Source) -> None:
    """A declared licence is one of the Hub's list, or another by its name; a source's is an id, and not misspelt."""
    hub = recipe.hub
    if hub.license == "other":
        if hub.license_name is None:
            source.report(("hub", "license"), "`license: other` needs the `license_name`, such as my-license-1.0")
    else:
        _check_name(source, ("hub", "license"), license_problem(hub.license) if hub.license is not None else "")
        for key in ("license_name", "license_link"):
            if getattr(hub, key) is not None:
                source.report(("hub", key), f"`{key}` goes with `license: other`")
    if hub.license_name is not None:
        listed = hub.license_name in LISTED
        said = f"the Hub lists {hub.license_name!r}: write `license: {hub.license_name}`" if listed else ""
        _check_name(source, ("hub", "license_name"), said or license_name_problem(hub.license_name))
    if hub.license_link is not None:
        _check_name(source, ("hub", "license_link"), license_link_problem(hub.license_link))
    for section, specs in (("datasets", recipe.datasets), ("models", recipe.models)):
        for name, spec in specs.items():
            if spec.license is not None:
                _check_name(source, (section, name, "license"), source_license_problem(spec.license))


def _check_repo(recipe: Recipe, source: Source, at: Location, repo: str) -> None:
    """A repo without an owner is of the namespace, whose mistakes are told once."""
    _check_name(source, at, repo_problem(repo if "/" in repo else f"owner/{repo}"))


def _check_name(source: Source, at: Location, problem: str) -> None:
    if problem:
        source.report(at, problem)


def _edges(recipe: Recipe) -> dict[str, set[str]]:
    def _data(value: str, kind: str) -> list[str]:
        """What a reference reads: a suite's texts are those of the datasets it names."""
        suite = suite_named(recipe.evaluate, value) if kind == "benchmark" and value not in recipe.datasets else None
        return [value] if suite is None else data_references(suite)

    edges: dict[str, set[str]] = {}
    for name, spec in {**recipe.datasets, **recipe.models}.items():
        values = [named for step in spec.steps for _, value, kind in step.references() for named in _data(value, kind)]
        # Of itself a model may name a step before, which `_check_step` has seen to.
        values = [value for value in values if not ("@" in value and artifact_name(value) == name)]
        if isinstance(spec.from_, str):
            values.append(spec.from_)
        edges[name] = {artifact_name(v) for v in values if not is_hub_ref(v) and not is_local(v)}
    return edges


def _check_cycles(recipe: Recipe, source: Source) -> None:
    try:
        TopologicalSorter(_edges(recipe)).prepare()
    except CycleError as error:
        circle = error.args[1]
        section = "datasets" if circle[0] in recipe.datasets else "models"
        source.report((section, circle[0]), f"these need each other: {' -> '.join(circle)}")


def _check_columns(recipe: Recipe, source: Source) -> None:
    """Follow the columns through each dataset as far as they are known without reading any data."""
    known: dict[str, list[str] | None] = {}
    for name in TopologicalSorter(_edges(recipe)).static_order():
        if (spec := recipe.datasets.get(name)) is None:
            continue
        columns: list[str] | None = None
        if isinstance(spec.from_, Demo):
            from factory.demo.catalogue import GENERATORS

            columns = list(GENERATORS[spec.from_.demo].columns)
        elif isinstance(spec.from_, str):
            columns = known.get(artifact_name(spec.from_))
        for index, step in enumerate(spec.steps):
            try:
                columns = step.check_columns(columns)
            except FactoryError as error:
                source.report(("datasets", name, "steps", index, step.verb), str(error))
                columns = None
        known[name] = columns
