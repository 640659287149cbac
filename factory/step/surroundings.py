"""What a step changes for the whole process while it works, and how all of it is put back.

Libraries below us print, log, seed, set threads and environment variables. Here is the one way to quieten them, to
give them a seed and threads, and to leave the process as it was found.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import logging
import os
import random
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.engines.weights import weight_files

if TYPE_CHECKING:
    from factory.profile import Profile

SWITCHES = {
    "LLM_COMPRESSOR_LOG_DISABLED": "true",  # read when llmcompressor is imported, which else adds its own outputs
    "TOKENIZERS_PARALLELISM": "false",  # tokenizers warns after every fork unless this is set by hand
}
LOGURU = ("llmcompressor", "compressed_tensors", "auto_round")

SMALL_MODEL_BYTES = 32 << 20
"""Below this, two threads were no faster than one on an idle machine and several times slower on a busy one."""

# malloc.h of the GNU C library, mallopt(3)
TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
KEEP = {MMAP_THRESHOLD: 1 << 30, TRIM_THRESHOLD: (1 << 31) - 1, TOP_PAD: 64 << 20}
USUAL = {MMAP_THRESHOLD: 32 << 20, TRIM_THRESHOLD: 64 << 20, TOP_PAD: 128 << 10}
"""What the library's own rule, which follows the sizes that are freed, comes to at most."""

_open = False


def _close() -> None:
    global _open
    _open = False


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Only errors of the libraries get through while this is open: no bars, no warnings, no information lines.

    Everything is put back on the way out of the outermost one. Our own progress is drawn with rich, not touched.
    """
    global _open
    if _open:
        yield
        return
    with ExitStack() as stack:
        _open = True
        stack.callback(_close)
        stack.enter_context(environment(SWITCHES))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(_only_errors())
        stack.enter_context(_loguru())
        stack.enter_context(_no_bars())
        yield


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Environment variables for a while; whatever else is set in between goes too."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _only_errors() -> Iterator[None]:
    """For all loggers at once: transformers sets its own level when first imported, mergekit calls basicConfig."""
    root = logging.getLogger()
    handlers, level, disabled = root.handlers[:], root.level, root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.disable(disabled)


@contextmanager
def _loguru() -> Iterator[None]:
    """llmcompressor logs through loguru, whose switches are by module name; it adds its own sinks when imported."""
    try:
        from loguru import logger
    except ImportError:  # it comes with llmcompressor; without it there is nothing to silence
        yield
        return
    try:
        logger.level("METRIC")
    except ValueError:  # llmcompressor logs with this level even where its logs are disabled, and then defines none
        logger.level("METRIC", no=38)
    for name in LOGURU:
        logger.disable(name)
    try:
        yield
    finally:
        for name in LOGURU:
            logger.enable(name)


@contextmanager
def _no_bars() -> Iterator[None]:
    """Every tqdm bar is made disabled: transformers, datasets and llmcompressor each have an own switch, or none."""
    import tqdm

    kind: Any = tqdm.std.tqdm
    before = kind.__init__

    @functools.wraps(before)
    def disabled(self: Any, *args: Any, **kwargs: Any) -> None:
        kwargs["disable"] = True
        before(self, *args[:1], **kwargs)

    kind.__init__ = disabled
    try:
        yield
    finally:
        kind.__init__ = before
        sys.stderr.flush()


@contextmanager
def contained() -> Iterator[None]:
    """Quiet libraries; threads, gradients and the states of all random numbers are put back afterwards.

    Importing lighteval turns gradients off; running it seeds `random` and numpy. What follows in the same process must
    notice none of it.
    """
    import numpy
    import torch

    threads, gradients = torch.get_num_threads(), torch.is_grad_enabled()
    states = random.getstate(), numpy.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else None
    try:
        with quiet_libraries():
            yield
    finally:
        torch.set_num_threads(threads)
        torch.set_grad_enabled(gradients)
        random.setstate(states[0])
        numpy.random.set_state(states[1])
        torch.set_rng_state(states[2])
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)


@contextmanager
def seeded(profile: Profile, seed: int) -> Iterator[None]:
    """`contained`, with the profile's threads and every random number from `seed`, for the time of one step."""
    import numpy
    import torch

    with contained():
        torch.set_num_threads(profile.threads or torch.get_num_threads())
        random.seed(seed)
        numpy.random.seed(seed % 2**32)
        torch.manual_seed(seed)
        yield


@contextmanager
def torch_threads(profile: Profile, models: Iterable[Path]) -> Iterator[None]:
    """The profile's `threads`, or one for small models on a CPU, or torch's own number; put back afterwards."""
    sizes = [path.stat().st_size for folder in models for path in weight_files(folder)]
    if not sizes:
        yield
        return
    import torch

    before = torch.get_num_threads()
    small = sum(sizes) < SMALL_MODEL_BYTES and profile.torch_device() == "cpu"
    torch.set_num_threads(profile.threads or (1 if small else before))
    try:
        yield
    finally:
        torch.set_num_threads(before)


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
