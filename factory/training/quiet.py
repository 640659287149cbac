"""The libraries below us print and log a lot; here is the one place that stops them, and lets them go again."""

from __future__ import annotations

import functools
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

LOGGERS = (
    "accelerate",
    "compressed_tensors",
    "datasets",
    "huggingface_hub",
    "mergekit",
    "peft",
    "torch",
    "torchao",
    "transformers",
    "trl",
)
LOGURU = ("llmcompressor", "compressed_tensors", "auto_round")


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Only errors of the libraries get through while this is open: no bars, no warnings, no information lines.

    Everything is put back on the way out. Our own progress is drawn with rich and is not touched.
    """
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for name in LOGGERS:
            stack.enter_context(_level(logging.getLogger(name), logging.ERROR))
        stack.enter_context(_root_handlers())
        stack.enter_context(_loguru())
        stack.enter_context(_no_bars())
        yield


@contextmanager
def _level(logger: logging.Logger, level: int) -> Iterator[None]:
    before = logger.level
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def _root_handlers() -> Iterator[None]:
    """mergekit calls logging.basicConfig, which would make every later library log to the terminal."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level)


@contextmanager
def _loguru() -> Iterator[None]:
    """llmcompressor logs through loguru, whose switches are by module name; it adds its own sinks when imported."""
    try:
        from loguru import logger
    except ImportError:  # it comes with llmcompressor; without it there is nothing to silence
        yield
        return
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
