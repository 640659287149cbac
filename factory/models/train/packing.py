"""Packed sequences of LFM2: its short convolutions must not see the conversation before, as its attention does not.

transformers' layers take `seq_idx`, the number of each token's conversation, and hand it to the causal-conv1d kernel;
its own code for machines without that kernel leaves it aside, and TRL does not make it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def conversation_numbers(position_ids: Any) -> Any:
    """[batch, tokens] of positions, each conversation's from 0, as numbers of conversations (int32).

    >>> import torch
    >>> conversation_numbers(torch.tensor([[0, 1, 2, 0, 1]])).tolist()
    [[0, 0, 0, 1, 1]]
    """
    import torch

    return ((position_ids == 0).cumsum(-1) - 1).to(torch.int32)


@contextmanager
def convolutions_apart(model: Any) -> Iterator[None]:
    """While it lasts, LFM2's convolutions heed `seq_idx` without the kernel too."""
    if model.config.model_type != "lfm2":
        yield
        return
    import transformers.models.lfm2.modeling_lfm2 as modeling

    before = modeling.causal_conv1d_fn
    if before.__module__ == modeling.__name__:  # no kernel took its place
        modeling.causal_conv1d_fn = _heeding(before)
    try:
        yield
    finally:
        modeling.causal_conv1d_fn = before


def _heeding(convolution: Any) -> Any:
    def apart(hidden: Any, weight: Any, bias: Any = None, activation: Any = None, seq_idx: Any = None) -> Any:
        """hidden [batch, channels, tokens], weight [channels, kernel], seq_idx [batch, tokens]."""
        from torch.nn.functional import pad

        if seq_idx is None or activation is not None:
            return convolution(hidden, weight, bias, activation)
        tokens, kernel = hidden.shape[-1], weight.shape[-1]
        found: Any = 0 if bias is None else bias[:, None]
        for back in range(kernel):
            same = pad(seq_idx, (back, 0), value=-1)[:, :tokens] == seq_idx
            earlier = pad(hidden, (back, 0))[..., :tokens] * same[:, None]
            found = found + weight[:, kernel - 1 - back, None] * earlier
        return found.to(hidden.dtype)

    return apart
