"""The verbs. Every module here that holds a `Step` is one: its file name is what a recipe writes."""

from functools import cache

from factory.resources import one_a_module
from factory.step.base import Step


@cache
def verbs() -> dict[str, type[Step]]:
    """All verbs by name; `resources.one_of` imports a single one."""
    return one_a_module(__name__, Step)
