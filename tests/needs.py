"""Marks for tests of engines that live in environments of their own."""

from __future__ import annotations

import pytest

from factory.engines.environments import find


def engine(name: str) -> pytest.MarkDecorator:
    """Skips where the engine is not installed, and says what would install it."""
    state = find(name).state()
    return pytest.mark.skipif(bool(state.to_do), reason=f"{name} is {state.state}: `{state.to_do}` makes it")
