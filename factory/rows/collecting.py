"""When Python's collector of cycles costs more than it finds."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """While the block (or the function that this decorates) makes many rows, tables or outcomes, no cycles are looked
    for among them: they have none, and to look would take up to a third of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """While the block handles many rows of which few are kept, cycles are looked for a hundred times less often: what
    makes some (models, connections) may go on for long."""
    often, *others = gc.get_threshold()
    gc.set_threshold(100 * often, *others)
    try:
        yield
    finally:
        gc.set_threshold(often, *others)
