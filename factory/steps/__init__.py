"""The verbs. Every module here that holds a `Step` is one: its file name is what a recipe writes."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

from factory.step.base import Step

NOT_VERBS = {"base"}


@cache
def verbs() -> dict[str, type[Step]]:
    """All verbs by name. Importing them costs pydantic only: each imports its heavy libraries inside `run`."""
    found: dict[str, type[Step]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name in NOT_VERBS:
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        steps = [
            member
            for _, member in inspect.getmembers(module, inspect.isclass)
            if issubclass(member, Step) and member.__module__ == module.__name__
        ]
        if len(steps) != 1:
            raise TypeError(f"{module.__name__} must hold exactly one Step, it holds {len(steps)}")
        found[module_info.name] = steps[0]
    return found
