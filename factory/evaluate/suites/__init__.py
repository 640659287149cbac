"""The suites. Every module here holds one: its file name, with ``-`` for ``_``, is what a recipe writes."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

from factory.evaluate.base import Suite


@cache
def suites() -> dict[str, type[Suite]]:
    """All suites by name. Importing them costs pydantic only: each imports its heavy libraries inside `run`."""
    found: dict[str, type[Suite]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        here = [
            member
            for _, member in inspect.getmembers(module, inspect.isclass)
            if issubclass(member, Suite) and member.__module__ == module.__name__
        ]
        if len(here) != 1:
            raise TypeError(f"{module.__name__} must hold exactly one Suite, it holds {len(here)}")
        found[here[0].verb] = here[0]
    return found
