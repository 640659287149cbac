"""Recipe files as plain data with the place of every key: YAML 1.2, `include`, and ``${NAME}`` where declared."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.recipe.problems import Place, Problem, nearest

SHARED_KEYS = {"recipe", "env", "datasets", "models", "evaluate"}
VARIABLE = re.compile(r"\$\{([^}]*)\}")

Location = tuple[str | int, ...]


@dataclass
class Source:
    """Merged content of a recipe and all that it includes.

    Attributes:
        data: plain dicts, lists and scalars.
        places: where each value stands, by its path from the top, e.g. ``("datasets", "orca-ar", "steps", 0)``.
        folders: folders in which prompt files and local data are looked for: the recipe's own first.
        problems, notes: what is wrong, and what is not but should be written otherwise.
    """

    path: Path
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Location, Place] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def place(self, location: Location) -> Place:
        """The place of a value, or of the nearest thing around it."""
        while location and location not in self.places:
            location = location[:-1]
        return self.places.get(location, Place(self.path, 1, 1))

    def report(self, location: Location, message: str) -> None:
        self.problems.append(Problem(self.place(location), message))

    def note(self, location: Location, message: str) -> None:
        self.notes.append(Problem(self.place(location), message))

    def rename(self, old: Location, new: Location) -> None:
        """Give what stands at `old` a second path, for mistakes that are found under the new one."""
        places = {(*new, *at[len(old) :]): place for at, place in self.places.items() if at[: len(old)] == old}
        self.places = places | self.places


def read(path: Path) -> Source:
    """Read a recipe and its includes. Mistakes of form are in `problems`; nothing is raised for them."""
    source = Source(path)
    _read_into(source, path, [])
    _substitute(source)
    return source


def _parse(source: Source, path: Path) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        source.problems.append(Problem(Place(path, 1, 1), f"not UTF-8 text (byte {error.start})"))
        return None
    try:
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path, 1, 1)
        message = (error.problem or error.context or "not valid YAML").split("\n")[0]
        source.problems.append(Problem(place, message))
    except Exception as error:  # ruamel raises several unrelated types for broken input
        source.problems.append(Problem(Place(path, 1, 1), f"not valid YAML: {str(error).splitlines()[0]}"))
    return None


def _read_into(source: Source, path: Path, including: list[Path]) -> None:
    tree = _parse(source, path)
    if tree is None and source.problems:
        return
    here = Place(path, 1, 1)
    if not isinstance(tree, dict):
        source.problems.append(Problem(here, "a recipe is a mapping that begins with `recipe: 1`"))
        return
    places: dict[Location, Place] = {(): here}
    data = _plain(tree, (), path, places)
    if path.parent not in source.folders:
        source.folders.append(path.parent)
    includes = data.pop("include", [])
    part = bool(including)
    for key, value in data.items():
        if part and key not in SHARED_KEYS:
            message = f"an included file cannot have {key!r}{nearest(key, SHARED_KEYS)}"
            source.problems.append(Problem(places[(key,)], message))
        elif key in ("datasets", "models", "evaluate", "env") and isinstance(source.data.get(key), dict):
            _merge_section(source, key, value, places)
            continue
        elif not (part and key == "recipe"):
            source.data[key] = value
        _copy_places(source, (key,), places)
    for index, name in enumerate(includes if isinstance(includes, list) else [includes]):
        place = places.get(("include", index), places.get(("include",), here))
        target = (path.parent / str(name)).resolve() if isinstance(name, str) else None
        if target is None or not target.is_file():
            source.problems.append(Problem(place, f"include: no such file: {name}"))
        elif target in [p.resolve() for p in [*including, path]]:
            source.problems.append(Problem(place, f"include: {name} includes itself"))
        else:
            shown = path.parent / str(name)
            _read_into(source, Path(os.path.normpath(shown)), [*including, path])


def _merge_section(source: Source, key: str, value: Any, places: dict[Location, Place]) -> None:
    if not isinstance(value, dict):
        source.problems.append(Problem(places[(key,)], f"{key} must be a mapping of names"))
        return
    for name, content in value.items():
        if name in source.data[key]:
            first = source.place((key, name))
            if first != places[(key, name)]:
                source.problems.append(Problem(places[(key, name)], f"{key}.{name} is already defined at {first}"))
            continue
        source.data[key][name] = content
        _copy_places(source, (key, name), places)


def _copy_places(source: Source, prefix: Location, places: dict[Location, Place]) -> None:
    source.places |= {k: v for k, v in places.items() if k[: len(prefix)] == prefix}


def _plain(value: Any, at: Location, path: Path, places: dict[Location, Place]) -> Any:
    """Strip ruamel's containers to plain ones, noting the place of each value (of the key, in a mapping)."""
    if isinstance(value, dict):
        result = {}
        for key, item in value.items():
            name = key if isinstance(key, str | int) else str(key)
            line, column = value.lc.key(key) if key in value.lc.data else (0, 0)  # type: ignore[attr-defined]
            places[(*at, name)] = Place(path, line + 1, column + 1)
            result[name] = _plain(item, (*at, name), path, places)
        return result
    if isinstance(value, list):
        items = []
        for index, item in enumerate(value):
            line, column = value.lc.item(index)  # type: ignore[attr-defined]
            places[(*at, index)] = Place(path, line + 1, column + 1)
            items.append(_plain(item, (*at, index), path, places))
        return items
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    return str(value)  # dates and the like: text, as it was meant


def _substitute(source: Source) -> None:
    """Replace ``${NAME}`` where `env` declares NAME (with its default, or null where it must be set)."""
    declared = source.data.pop("env", None) or {}
    if isinstance(declared, list):
        declared = dict.fromkeys(declared)
    if not isinstance(declared, dict):
        source.report(("env",), "env is a mapping of variable names to defaults, or a list of names")
        return

    def value_of(name: str, at: Location) -> str:
        if name not in declared:
            hint = nearest(name, declared) or "; declare it: `env: {" + name + ": default}`"
            source.report(at, f"${{{name}}} is not declared under `env`{hint}")
            return ""
        found = os.environ.get(name, declared[name])
        if found is None:
            source.report(at, f"the environment variable {name} is not set")
        return str(found or "")

    def walk(value: Any, at: Location) -> Any:
        if isinstance(value, dict):
            return {key: walk(item, (*at, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [walk(item, (*at, index)) for index, item in enumerate(value)]
        if isinstance(value, str) and "${" in value:
            return VARIABLE.sub(lambda match: value_of(match[1], at), value)
        return value

    source.data = walk(source.data, ())
