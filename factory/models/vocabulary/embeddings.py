"""Rows for new pieces: the mean of the rows of what the old tokenizer cut them into, on both sides of the model."""

from collections.abc import Sequence
from typing import Any

PADDING = 128  # sizes are rounded up to what divided the old size, at most to this


def padding_of(rows: int) -> int:
    """The largest power of two, up to 128, that divides the number of rows.

    >>> padding_of(32000), padding_of(65536), padding_of(50257)
    (128, 128, 1)
    """
    return min(rows & -rows, PADDING)


def rows_needed(present: int, tokens: int, multiple: int) -> int:
    """Rows of the embedding for `tokens` ids: those that are there where they suffice, else padded.

    >>> rows_needed(32000, 40010, 128), rows_needed(65536, 65000, 128)
    (40064, 65536)
    """
    return present if tokens <= present else -(-tokens // multiple) * multiple


def expand_embeddings(model: Any, first: int, old_pieces: Sequence[Sequence[int]], rows: int) -> None:
    """Give ids from `first` on the mean of the rows listed in `old_pieces`; further new rows the mean of all old ones.

    Input and output embedding are the same tensor where the model ties them. Source: the ALLaM paper's way, mean of
    the original tokenizer's sub-tokens; its use for the output side as well is assumed.
    """
    import torch

    before = model.get_input_embeddings().weight.shape[0]
    if rows != before:
        model.resize_token_embeddings(rows, mean_resizing=False)
    done: set[int] = set()
    with torch.no_grad():
        for module in (model.get_input_embeddings(), model.get_output_embeddings()):
            for tensor in (getattr(module, "weight", None), getattr(module, "bias", None)):
                if tensor is None or tensor.data_ptr() in done:
                    continue
                done.add(tensor.data_ptr())
                old = tensor[:first].float()
                tensor[max(first, before) :] = old.mean(0).to(tensor.dtype)
                for number, ids in enumerate(old_pieces):
                    tensor[first + number] = old[list(ids)].mean(0).to(tensor.dtype)
