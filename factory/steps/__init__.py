"""The verbs. Every module here that holds a `Step` is one: its file name is what a recipe writes."""

from __future__ import annotations

from functools import cache

from factory.resources import class_in, modules_of, one_a_module
from factory.step.base import Step


def names() -> list[str]:
    """The names of all verbs, nothing imported."""
    return modules_of(__name__)


@cache
def verb_named(name: str) -> type[Step] | None:
    """The verb of this name, its module alone imported: heavy libraries wait inside `run`. None if there is none."""
    return class_in(f"{__name__}.{name}", Step) if name in names() else None


@cache
def verbs() -> dict[str, type[Step]]:
    """All verbs by name."""
    return one_a_module(__name__, Step)
