"""Memory that torch frees on a CPU stays with the process, for the next batch, and is not given back each time."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# malloc.h of the GNU C library, mallopt(3)
TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
KEEP = {MMAP_THRESHOLD: 1 << 30, TRIM_THRESHOLD: (1 << 31) - 1, TOP_PAD: 64 << 20}
USUAL = {MMAP_THRESHOLD: 32 << 20, TRIM_THRESHOLD: 64 << 20, TOP_PAD: 128 << 10}
"""What the library's own rule, which follows the sizes that are freed, comes to at most."""


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """While the block runs, freed blocks below 1 GB are used again; afterwards they go back to the system.

    Else each tensor of some megabytes, as logits are, comes from the kernel page by page: in training a small model
    that took a fifth of the time. Does nothing where the C library is not GNU's.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is None or not hasattr(library, "mallopt") or not hasattr(library, "malloc_trim"):
        yield
        return
    _set(library, KEEP)
    try:
        yield
    finally:
        _set(library, USUAL)
        library.malloc_trim(0)


def _set(library: ctypes.CDLL, options: dict[int, int]) -> None:
    for name, value in options.items():
        library.mallopt(name, value)
