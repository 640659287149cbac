"""What comes with the package: folders of files that are not code, and classes that lie one in a module."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TypeVar

from factory.errors import FactoryError

PACKAGE = Path(__file__).resolve().parent
Kind = TypeVar("Kind")


def one_a_module(package: str, base: type[Kind]) -> dict[str, type[Kind]]:
    """The subclass of `base` that each module of `package` defines, by the module's name; some have none.

    Raises:
        TypeError: a module defines several.
    """
    found: dict[str, type[Kind]] = {}
    for info in pkgutil.iter_modules(importlib.import_module(package).__path__):
        module = importlib.import_module(f"{package}.{info.name}")
        own = [member for member in vars(module).values() if getattr(member, "__module__", "") == module.__name__]
        classes = [each for each in own if isinstance(each, type) and issubclass(each, base) and each is not base]
        if len(classes) > 1:
            raise TypeError(f"{module.__name__} must hold one {base.__name__}, it holds {len(classes)}")
        if classes:
            found[info.name] = classes[0]
    return found


def resource(name: str) -> Path:
    """The folder ``cards``, ``spaces`` or ``recipes``: beside the package in a checkout, inside it in a wheel.

    Raises:
        FactoryError: the installation is incomplete.
    """
    for folder in (PACKAGE / "_resources" / name, PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FactoryError(f"the folder {name}/ is missing from this installation", fix="install hf-factory again")
