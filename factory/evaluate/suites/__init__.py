"""The suites. Every module here holds one: its file name, with ``-`` for ``_``, is what a recipe writes."""

from functools import cache

from factory.evaluate.base import Suite
from factory.resources import one_a_module


@cache
def suites() -> dict[str, type[Suite]]:
    """All suites by name. Importing them costs pydantic only: each imports its heavy libraries inside `run`."""
    return {suite.verb: suite for suite in one_a_module(__name__, Suite).values()}
