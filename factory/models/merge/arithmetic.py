"""Slerp and weighted sums of flat tensors, in pieces that fit a processor's cache.

Numbers are those of mergekit 0.1.5: norms and dot product of the whole tensor, arithmetic in float32 (float64 for
float64 tensors), one rounding to the type that is written. Memory is that of a few pieces, however large the tensor.
"""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

PIECE = 1 << 17  # elements; four pieces in float32 are 2 MB
PARALLEL = 0.9995  # |cosine| above which slerp is linear (mergekit's dot_threshold)
NO_LENGTH = 1e-8  # norms below count as one (mergekit's eps)


def slerp_weights(t: float, first: Tensor, second: Tensor) -> tuple[float, float]:
    """What `first` and `second` (flat, of one length) are multiplied with at `t` of the way between them.

    Source: Shoemake, Animating rotation with quaternion curves (1985); threshold and treatment of zero vectors as in
    mergekit's merge_methods/slerp.py.
    """
    size = min(PIECE, first.numel())
    wide = [torch.empty(size, dtype=_wide(first)) for _ in range(2)]
    squares = [0.0, 0.0, 0.0]
    for pieces in zip(first.split(PIECE), second.split(PIECE), strict=True):
        a, b = (buffer[: len(piece)].copy_(piece) for buffer, piece in zip(wide, pieces, strict=True))
        for index, pair in enumerate(((a, a), (b, b), (a, b))):
            squares[index] += torch.dot(*pair).item()
    lengths = [length if (length := math.sqrt(square)) > NO_LENGTH else 1.0 for square in squares[:2]]
    cosine = max(-1.0, min(1.0, squares[2] / (lengths[0] * lengths[1])))
    if abs(cosine) > PARALLEL:
        return 1 - t, t
    angle = math.acos(cosine)
    return math.sin((1 - t) * angle) / math.sin(angle), math.sin(t * angle) / math.sin(angle)


def normalized(weights: Sequence[float]) -> list[float]:
    """Weights divided by their sum.

    Raises:
        ZeroDivisionError: they sum to zero.
    """
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def weighted_sum(tensors: Sequence[Tensor], weights: Sequence[float], dtype: torch.dtype) -> Iterator[Tensor]:
    """Σ weight · tensor of flat tensors, piece by piece, as `dtype`."""
    size = min(PIECE, tensors[0].numel())
    total, other = (torch.empty(size, dtype=_wide(tensors[0])) for _ in range(2))
    for first, *rest in zip(*(tensor.split(PIECE) for tensor in tensors), strict=True):
        sum_, term = total[: len(first)].copy_(first).mul_(weights[0]), other[: len(first)]
        for piece, weight in zip(rest, weights[1:], strict=True):
            sum_.add_(term.copy_(piece).mul_(weight))  # not fused: products round as mergekit's do
        yield sum_.to(dtype, copy=True)


def _wide(tensor: Tensor) -> torch.dtype:
    return torch.float64 if tensor.dtype == torch.float64 else torch.float32
