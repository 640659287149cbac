"""From a file to a checked `Recipe`: every mistake is found before any work and reported with its place."""

import types
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from factory.errors import UsageError, nearest
from factory.evaluate.suites import suites
from factory.recipe.check import check
from factory.recipe.schema import Recipe
from factory.recipe.source import Location, Place, RecipeError, Source, read
from factory.resources import local_path, one_of
from factory.step.base import Step, reference_kinds
from factory.steps import verbs

NO_RECIPE = "recipes are .yaml files; `factory init` writes one"


@dataclass(frozen=True)
class LoadedRecipe:
    """A recipe and where each part of it was written."""

    recipe: Recipe
    source: Source

    @property
    def path(self) -> Path:
        return self.source.path

    def place(self, *location: str | int) -> Place:
        return self.source.place(location)


def load(path: Path) -> LoadedRecipe:
    """Read, include, substitute, validate and cross-check.

    Raises:
        RecipeError: with every mistake found.
        UsageError: there is no such file.
    """
    if (found := local_path([Path()], str(path))) is None or not found.is_file():
        beside = [] if found else [other.name for other in path.parent.glob("*.yaml")]
        hint = nearest(path.name, beside, 0)
        raise UsageError(f"no such recipe: {path}{hint}", fix=None if hint else NO_RECIPE)
    source = read(path)
    recipe = _validate(source) if source.data else None
    if recipe is not None:
        check(recipe, source)
    if source.problems or recipe is None:
        raise RecipeError(source.problems)
    return LoadedRecipe(recipe, source)


def _validate(source: Source) -> Recipe | None:
    data = dict(source.data)
    for section, produces in (("datasets", "dataset"), ("models", "model")):
        entries = data.get(section)
        if isinstance(entries, dict):
            data[section] = {
                name: {**spec, "steps": _steps(source, (section, name, "steps"), spec["steps"], produces)}
                if isinstance(spec, dict) and "steps" in spec
                else spec
                for name, spec in entries.items()
            }
    if isinstance(data.get("evaluate"), dict):
        suites = {name: _suite(source, ("evaluate", name), entry) for name, entry in data["evaluate"].items()}
        data["evaluate"] = {name: suite for name, suite in suites.items() if suite is not None}
    try:
        return Recipe.model_validate(data, context={"licenses": source.licenses})
    except ValidationError as error:
        _report(source, (), error, Recipe)
        _leave_out(data, error)
    try:
        return Recipe.model_validate(data)  # what is sound, so that names are checked in the same pass
    except ValidationError:
        return None


PLACEHOLDERS: dict[str, Any] = {
    "recipe": 1,
    "name": "unnamed",
    "language": {"source": "en", "target": "ar"},
    "hub": {"namespace": "unknown"},
}
UNKNOWN = {"from": "unknown/unknown"}


def _leave_out(data: dict[str, Any], error: ValidationError) -> None:
    """Take the parts that `error` is about out of `data`; an artifact that is left keeps its name."""
    for problem in error.errors():
        top, *rest = problem["loc"]
        if top in ("datasets", "models") and rest and isinstance(data.get(str(top)), dict):
            entries, name = data[str(top)], rest[0]
            entry = entries.get(name)
            if isinstance(entry, dict) and len(rest) > 1 and rest[1] in entry:
                entries[name] = {key: value for key, value in entry.items() if key != rest[1]}
            elif rest[-1] == "[key]":
                entries.pop(name, None)
            else:
                entries[name] = UNKNOWN
        elif top in PLACEHOLDERS:
            data[str(top)] = PLACEHOLDERS[str(top)]
        else:
            data.pop(str(top), None)


def _steps(source: Source, at: Location, calls: Any, produces: str) -> list[Step]:
    if not isinstance(calls, list):
        source.report(at, "steps is a list of verbs, each `- verb: {parameters}`")
        return []
    steps = []
    for index, call in enumerate(calls):
        verb, parameters = _call(call)
        here = (*at, index)
        step = one_of("factory.steps", verb, Step) if isinstance(verb, str) else None
        if verb is None:
            source.report(here, "a step is one verb with its parameters: `- verb: {parameters}`")
        elif step is None or step.produces != produces:
            known = [name for name, other in verbs().items() if other.produces == produces]
            hint = f": it makes a {step.produces}" if step else nearest(verb, known)
            source.report((*here, verb), f"no {produces} verb {verb!r}{hint}")
        else:
            steps.append(_build(source, (*here, verb), step, parameters))
            continue
        steps.append(Step.model_construct())  # the steps after it keep their numbers
    return steps


def _call(value: Any) -> tuple[Any, Any]:
    """A step as written, ``verb`` or ``{verb: parameters}``, as (verb, parameters)."""
    if isinstance(value, str):
        return value, {}
    if isinstance(value, dict) and len(value) == 1:
        verb, parameters = next(iter(value.items()))
        return verb, {} if parameters is None else parameters
    return None, value


def _suite(source: Source, at: Location, entry: Any) -> Step | None:
    if not isinstance(entry, dict):
        source.report(at, "an evaluation is a mapping: {suite: name, models: [...]}")
        return None
    name = entry.get("suite", at[-1])
    if not isinstance(name, str) or name not in suites():
        source.report((*at, "suite") if "suite" in entry else at, f"no suite {name!r}{nearest(name, suites())}")
        return None
    return _build(source, at, suites()[name], {key: value for key, value in entry.items() if key != "suite"})


def _build(source: Source, at: Location, cls: type[Step], parameters: Any) -> Step:
    """The step; after a mistake, which is reported, one that has only what it names, so that this is checked too."""
    if isinstance(parameters, dict):
        parameters = _in_new_words(source, at, cls, parameters)
        try:
            language = source.data.get("language")
            context = {"folders": source.folders, "language": language, "licenses": source.licenses}
            return cls.model_validate(parameters, context=context)
        except ValidationError as error:
            _report(source, at, error, cls)
        given = parameters
    else:
        source.report(at, f"{cls.verb} takes a mapping of parameters: `- {cls.verb}: {{parameter: value}}`")
        given = {}
    named = dict.fromkeys(cls.model_fields)
    for name, field in cls.model_fields.items():
        value = given.get(field.alias or name)
        names = value if isinstance(value, list | dict) else [value]
        if reference_kinds(field) and all(isinstance(item, str) for item in names):
            named[name] = value
    return cls.model_construct().model_copy(update=named)


def _in_new_words(source: Source, at: Location, cls: type[Step], parameters: Any) -> Any:
    """The parameters in this release's words, with a note at each old one; as they are where that is a mistake."""
    try:
        words, said = cls.in_new_words(parameters, source.folders)
    except (ValueError, AttributeError):  # the validation that follows says what is wrong
        return parameters
    for old, new in said.items():
        source.note((*at, old), f"`{old}` of {at[-1]} is an old word, read for this release only: write {new}")
        source.rename((*at, old), (*at, cls.renamed.get(old, old)))
    return words


def _report(source: Source, at: Location, error: ValidationError, model: type[BaseModel]) -> None:
    problems = error.errors()
    telling = {problem["loc"][:-1]: problem for problem in problems if _tells_all(problem, model)}
    for problem in problems:
        above = next((above for above in telling if problem["loc"][: len(above)] == above), None)
        if above is None and _is_other_choice(problem, problems):
            continue
        if above is not None and problem is not telling[above]:
            continue
        location = tuple(part for part in problem["loc"] if part != "[key]")
        here, name = at, ""
        for part in location:
            if (*here, part) in source.places:  # not the alternatives of a union, which pydantic names too
                here = (*here, part)
                name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
        last = location[-1] if location else ""
        if above is not None and problem["type"] == "string_type":
            message = f"{name}: {_field(model, above).description}"
        elif problem["type"] == "extra_forbidden":
            message = f"unknown key {last!r}{nearest(last, _keys(model, location[:-1]))}"
        elif problem["type"] == "missing":
            message = f"missing key {last!r}"
        else:
            given = problem["input"]
            message = problem["msg"].removeprefix("Value error, ")
            said = isinstance(given, str) and repr(given) in message
            if (isinstance(given, str | int | float | bool) or given is None) and not said:
                message += f", not {given!r}"
            message = f"{name}: {message}" if name else message
        source.report(here, message)


def _tells_all(problem: Any, model: type[BaseModel]) -> bool:
    """Where a text or a mapping may stand: what stands there is neither, or a text written as a mapping is wrong."""
    above, given = problem["loc"][:-1], problem["input"]
    field = _field(model, above) if above and problem["type"] in ("string_type", "value_error") else None
    if field is None or not field.description or not _fields(field.annotation):
        return False
    if problem["type"] == "value_error":
        return isinstance(given, dict)
    return not isinstance(given, dict) or not set(given) & set(_keys(model, above))


def _is_other_choice(problem: Any, problems: Sequence[Any]) -> bool:
    """A mapping is no text, which could stand in its place: what is wrong with the mapping says more."""
    if problem["type"] != "string_type" or not isinstance(problem["input"], dict):
        return False
    above = problem["loc"][:-1]
    return any(other is not problem and other["loc"][: len(above)] == above for other in problems)


def _field(model: type[BaseModel], location: Location) -> Any:
    """The field at `location` inside `model`; None for an item of a list or of a dict."""
    return _fields(_inside(model, location[:-1])).get(location[-1])


def _keys(model: type[BaseModel], location: Location) -> list[str]:
    """The keys that are valid in the mapping at `location` inside `model`."""
    return list(_fields(_inside(model, location)))


def _inside(model: type[BaseModel], location: Location) -> Any:
    """What stands at `location` inside `model`: the model, or an annotation."""
    current: Any = model
    for part in location:
        field = _fields(current).get(part) if isinstance(part, str) else None
        current = field.annotation if field is not None else _item(current, part)
    return current


def _fields(annotation: Any) -> dict[Any, Any]:
    for candidate in _members(annotation):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return {field.alias or name: field for name, field in candidate.model_fields.items()}
    return {}


def _members(annotation: Any) -> list[Any]:
    """An annotation's alternatives, with Annotated taken off."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return [member for argument in get_args(annotation) for member in _members(argument)]
    if hasattr(annotation, "__metadata__"):
        return _members(get_args(annotation)[0])
    return [annotation]


def _item(annotation: Any, part: str | int) -> Any:
    """The annotation of a dict's values or a list's items; a class name in a union's location is itself."""
    for candidate in _members(annotation):
        arguments = get_args(candidate)
        if arguments:
            return arguments[-1]
    return annotation
