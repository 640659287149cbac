"""Recipe files as plain data with the place of every key: YAML 1.2, `include`, and ``${NAME}`` where declared.

Mistakes are gathered, all at once, each at its place.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.errors import UsageError, nearest
from factory.resources import Folders, local_path
from factory.text import yaml
from factory.text.secrets import is_secret
from factory.text.yaml import Location

SECTIONS = ("datasets", "models", "evaluate", "env")
SHARED_KEYS = {"recipe", "language", "hub", "paper", "citation", "reported_cost", *SECTIONS}
LARGEST = 2**63
LONGEST = 1000
VARIABLE = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, order=True)
class Place:
    """A position in a recipe file; lines and columns count from 1."""

    file: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    place: Place
    message: str

    def __str__(self) -> str:
        """One line, whatever the recipe's own words in it are."""
        message = "".join(c if c.isprintable() else "�" for c in " ".join(self.message.split()))
        return f"{self.place}: {message if len(message) <= LONGEST else message[:LONGEST] + '…'}"


class RecipeError(UsageError):
    """A recipe that is refused before any work; `problems` are in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass
class Source:
    """Merged content of a recipe and all that it includes.

    Attributes:
        data: plain dicts, lists and scalars.
        places: where each value stands, by its path from the top, e.g. ``("datasets", "orca-ar", "steps", 0)``.
        folders: where prompt files and local data are looked for, the recipe's own folder first, and which were read.
        licenses: ref -> licence that a step states beside it.
        problems, notes: what is wrong, and what is not but should be written otherwise.
    """

    path: Path
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Location, Place] = field(default_factory=dict)
    folders: Folders = field(default_factory=Folders)
    licenses: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """The recipe, what it includes and the prompts and templates that it names: all texts that it is made of."""
        included = sorted({place.file.resolve() for place in self.places.values()})
        return list(dict.fromkeys([self.path.resolve(), *included, *sorted(self.folders.read)]))

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


def _parse(source: Source, path: Path, places: dict[Location, Place]) -> Any:
    """A file's content; the place of each value goes into `places`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        source.problems.append(Problem(Place(path, 1, 1), f"not UTF-8 text (byte {error.start})"))
        return None
    except OSError as error:
        source.problems.append(Problem(Place(path, 1, 1), f"cannot be read: {error.strerror}"))
        return None
    parsed = yaml.parse(text)
    source.problems += [Problem(Place(path, *mark), message) for mark, message in parsed.mistakes]
    places |= {location: Place(path, *mark) for location, mark in parsed.places.items()}
    return parsed.value


def _read_into(source: Source, path: Path, including: list[Path]) -> None:
    here = Place(path, 1, 1)
    places: dict[Location, Place] = {(): here}
    before = len(source.problems)
    data = _parse(source, path, places)
    if not isinstance(data, dict):
        if len(source.problems) == before:
            source.problems.append(Problem(here, "a recipe is a mapping that begins with `recipe: 1`"))
        return
    if path.parent not in source.folders:
        source.folders.append(path.parent)
    includes = data.pop("include", [])
    part = bool(including)
    for key, value in data.items():
        if part and key not in SHARED_KEYS:
            message = f"an included file cannot have {key!r}{nearest(key, SHARED_KEYS)}"
            source.problems.append(Problem(places[(key,)], message))
        elif key in SECTIONS and isinstance(source.data.get(key), dict):
            _merge_section(source, key, value, places)
            continue
        elif part and key == "recipe":
            continue
        elif key not in source.data:
            source.data[key] = value
        elif (first := source.place((key,))).file == source.path:
            continue  # what a recipe says itself stands in place of what its parts say
        else:
            _report_second(source, (key,), first, places)
            continue
        _copy_places(source, (key,), places)
    for index, name in enumerate(includes if isinstance(includes, list) else [includes]):
        place = places.get(("include", index), places.get(("include",), here))
        target = local_path([path.parent], name) if isinstance(name, str) else None
        if target is None or not target.is_file():
            source.problems.append(Problem(place, f"include: no such file: {name}"))
        elif target.resolve() in [p.resolve() for p in [*including, path]]:
            source.problems.append(Problem(place, f"include: {name} includes itself"))
        else:
            _read_into(source, Path(os.path.normpath(target)), [*including, path])


def _merge_section(source: Source, key: str, value: Any, places: dict[Location, Place]) -> None:
    if not isinstance(value, dict):
        source.problems.append(Problem(places[(key,)], f"{key} must be a mapping of names"))
        return
    for name, content in value.items():
        if name in source.data[key]:
            _report_second(source, (key, name), source.place((key, name)), places)
            continue
        source.data[key][name] = content
        _copy_places(source, (key, name), places)


def _report_second(source: Source, at: Location, first: Place, places: dict[Location, Place]) -> None:
    """What two files say; one file that is included twice says it once."""
    if first != places[at]:
        name = ".".join(map(str, at))
        source.problems.append(Problem(places[at], f"{name} is already defined at {first}"))


def _copy_places(source: Source, prefix: Location, places: dict[Location, Place]) -> None:
    source.places |= {k: v for k, v in places.items() if k[: len(prefix)] == prefix}


def _substitute(source: Source) -> None:
    """Replace ``${NAME}`` where `env` declares NAME (with its default, or null where it must be set)."""
    declared = _declared(source)

    def value_of(name: str, at: Location) -> str:
        if name not in declared:
            hint = nearest(name, declared) or "; declare it: `env: {" + name + ": default}`"
            source.report(at, f"${{{name}}} is not declared under `env`{hint}")
            return ""
        found = declared[name]
        if found is None:
            source.report(at, f"the environment variable {name} is not set")
        return str(found or "")

    def walk(value: Any, at: Location) -> Any:
        if isinstance(value, dict):
            return {key: walk(item, (*at, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [walk(item, (*at, index)) for index, item in enumerate(value)]
        if isinstance(value, str) and "${" in value:
            value = VARIABLE.sub(lambda match: value_of(match[1], at), value)
        if isinstance(value, str) and "\0" in value:
            source.report(at, "a text of a recipe holds no NUL character")
            return value.replace("\0", "")
        if isinstance(value, int | float) and not abs(value) < LARGEST:  # infinite and not a number, too
            source.report(at, "a number of a recipe is finite and below 2**63")
            return 0
        return value

    source.data = walk(source.data, ())


def _declared(source: Source) -> dict[str, Any]:
    """The value of each variable under `env`: the environment's, else its default. One that is a secret has none."""
    declared = source.data.pop("env", None) or {}
    if isinstance(declared, list) and all(isinstance(name, str) for name in declared):
        declared = dict.fromkeys(declared)
    if not isinstance(declared, dict):
        source.report(("env",), "env is a mapping of variable names to defaults, or a list of names")
        return {}
    found: dict[str, Any] = {}
    for name, default in declared.items():
        found[name] = os.environ.get(name, default)
        if isinstance(default, dict | list):
            source.report(("env", name), f"env.{name} is one value, the default of the variable")
        elif is_secret(name, found[name]):
            found[name] = ""
            what = f"env.{name} is a secret by its name or its value, and all that a recipe says is published"
            source.report(("env", name), f"{what}: keys of endpoints are named by `api_key_env` in factory.toml")
    return found
