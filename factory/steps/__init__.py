"""The verbs. Every module here that holds a `Step` is one: its file name is what a recipe writes."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

from factory.step.base import Step


def names() -> list[str]:
    """The names of all verbs, nothing imported."""
    return [module.name for module in pkgutil.iter_modules(__path__)]


def verb_named(name: str) -> type[Step] | None:
    """The verb of this name, its module alone imported: heavy libraries wait inside `run`. None if there is none."""
    if name not in names():
        return None
    module = importlib.import_module(f"{__name__}.{name}")
    classes = [member for _, member in inspect.getmembers(module, inspect.isclass)]
    steps = [member for member in classes if issubclass(member, Step) and member.__module__ == module.__name__]
    if len(steps) != 1:
        raise TypeError(f"{module.__name__} must hold exactly one Step, it holds {len(steps)}")
    return steps[0]


@cache
def verbs() -> dict[str, type[Step]]:
    """All verbs by name."""
    return {name: step for name in names() if (step := verb_named(name))}
