"""What is found by its name: modules, classes that lie one in a module, folders of the package, files of a recipe."""

import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from factory.errors import FactoryError

PACKAGE = Path(__file__).resolve().parent
Kind = TypeVar("Kind")


@dataclass
class Later:
    """A module that is not imported before something of it is needed."""

    _name: str

    def __getattr__(self, attribute: str) -> Any:
        module = importlib.import_module(self._name)  # once: all that it has by now is taken over
        self.__dict__.update({name: value for name, value in vars(module).items() if not name.startswith("_")})
        return getattr(module, attribute)


def _modules(package: str) -> list[str]:
    return [info.name for info in pkgutil.iter_modules(importlib.import_module(package).__path__)]


def one_of(package: str, name: str, base: type[Kind]) -> type[Kind] | None:
    """The subclass of `base` that this module of `package` defines, no other module imported; None if there is none.

    Raises:
        TypeError: it defines several.
    """
    if name not in _modules(package):
        return None
    module_name = f"{package}.{name}"
    module = importlib.import_module(module_name)
    own = [member for member in vars(module).values() if getattr(member, "__module__", "") == module.__name__]
    found = [each for each in own if isinstance(each, type) and issubclass(each, base) and each is not base]
    if len(found) > 1:
        raise TypeError(f"{module_name} must hold one {base.__name__}, it holds {len(found)}")
    return found[0] if found else None


def one_a_module(package: str, base: type[Kind]) -> dict[str, type[Kind]]:
    """The subclass of `base` that each module of `package` defines, by the module's name; some have none."""
    found = {name: one_of(package, name, base) for name in _modules(package)}
    return {name: kind for name, kind in found.items() if kind is not None}


def resource(name: str) -> Path:
    """The folder ``cards``, ``spaces`` or ``recipes``: beside the package in a checkout, inside it in a wheel.

    Raises:
        FactoryError: the installation is incomplete.
    """
    for folder in (PACKAGE / "_resources" / name, PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FactoryError(f"the folder {name}/ is missing from this installation", fix="install hf-factory again")


class Folders(list[Path]):
    """Where files that a recipe names are looked for.

    Attributes:
        read: the texts that were found there, such as prompts: what belongs to the recipe wherever it goes.
    """

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        super().__init__(folders)
        self.read: set[Path] = set()


def local_path(folders: Iterable[Path], name: str) -> Path | None:
    """What lies under `name` in the first of `folders` that has it; None too for a name no file system takes."""
    for folder in folders:
        try:
            path = (folder / name).expanduser()
            if path.exists():
                return path
        except (OSError, ValueError, RuntimeError):  # too long, a NUL, a home of nobody
            continue
    return None
