"""Keeps what lighteval changes for the whole process from outliving an evaluation."""

from __future__ import annotations

import logging
import os
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

LOUD = ("lighteval", "datasets", "transformers", "accelerate", "huggingface_hub", "httpx")


@contextmanager
def contained() -> Iterator[None]:
    """Errors only, no bars, and afterwards everything as it was.

    Importing lighteval turns gradients off and sets TOKENIZERS_PARALLELISM; running it seeds `random` and numpy. A
    training step that follows in the same process must notice none of it.
    """
    import datasets
    import numpy as np
    import torch
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
    from transformers.utils import logging as transformers_logging

    gradients = torch.is_grad_enabled()
    parallelism = os.environ.get("TOKENIZERS_PARALLELISM")
    seeds = random.getstate(), np.random.get_state()
    levels = {name: logging.getLogger(name).level for name in LOUD}
    dataset_bars, hub_bars = not datasets.are_progress_bars_disabled(), not are_progress_bars_disabled()
    model_bars = transformers_logging.is_progress_bar_enabled()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in LOUD:
                logging.getLogger(name).setLevel(logging.ERROR)
            datasets.disable_progress_bars()
            disable_progress_bars()
            transformers_logging.disable_progress_bar()
            yield
    finally:
        torch.set_grad_enabled(gradients)
        random.setstate(seeds[0])
        np.random.set_state(seeds[1])
        if parallelism is None:
            os.environ.pop("TOKENIZERS_PARALLELISM", None)
        else:
            os.environ["TOKENIZERS_PARALLELISM"] = parallelism
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        if dataset_bars:
            datasets.enable_progress_bars()
        if hub_bars:
            enable_progress_bars()
        if model_bars:
            transformers_logging.enable_progress_bar()
