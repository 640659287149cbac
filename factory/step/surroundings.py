"""The libraries below us print and log a lot; here is the one place that stops them, and lets them go again."""

from __future__ import annotations

import functools
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

SWITCHES = {
    "LLM_COMPRESSOR_LOG_DISABLED": "true",  # read when llmcompressor is imported, which else adds its own outputs
    "TOKENIZERS_PARALLELISM": "false",  # tokenizers warns after every fork unless this is set by hand
}
LOGURU = ("llmcompressor", "compressed_tensors", "auto_round")


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
