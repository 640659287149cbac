"""Slerp and linear merges straight from disk to disk: what is read, worked on and written never waits for the others.

Inputs are memory-mapped and read ahead, pieces are merged in the processor's cache, and shards are written as they
fill; beyond mapped pages this needs some 100 MB for models of any size.
"""

from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import torch

from factory.errors import FactoryError
from factory.models.merge import arithmetic
from factory.models.merge.fit import fit_together
from factory.models.merge.reading import Mapped, ReadAhead
from factory.models.merge.settings import positions, value_at
from factory.models.merge.writing import SHARD_BYTES, Planned, Writer
from factory.step.progress import Progress

TYPES = {"F64": "float64", "F32": "float32", "BF16": "bfloat16", "F16": "float16"}
WIDTHS = {"F64": 8, "F32": 4, "BF16": 2, "F16": 2}
LOADED = {name: key for key, name in TYPES.items()}

Weights = Callable[[str, float, Sequence[torch.Tensor]], Sequence[float]]
"""(name, position, flat tensors) -> what each tensor is multiplied with."""


class Slerp(NamedTuple):
    """The weights of slerp at `t` between two models, the first at 0."""

    t: Any

    def __call__(self, name: str, position: float, tensors: Sequence[torch.Tensor]) -> Sequence[float]:
        return arithmetic.slerp_weights(value_at(self.t, name, position), *tensors)


class Linear(NamedTuple):
    """The weights of a weighted sum, divided by their own sum if `normalize`."""

    weights: Sequence[Any]
    normalize: bool

    def __call__(self, name: str, position: float, tensors: Sequence[torch.Tensor]) -> Sequence[float]:
        weights = [value_at(weight, name, position) for weight in self.weights]
        return arithmetic.normalized(weights) if self.normalize else weights


def stream(
    models: Sequence[Path],
    target: Path,
    weights: Weights,
    *,
    like: int,
    dtype: str | None,
    where: str = "",
    progress: Progress | None = None,
    shard_bytes: int = SHARD_BYTES,
) -> None:
    """Write the merged weights of the model folders `models` into `target`, synced.

    Tensors are those of ``models[like]``, in its order (types of more bytes first) and types, or all as `dtype`.

    Raises:
        FactoryError: tensors do not fit each other, or cannot be merged.
    """
    names = fit_together(models, like, where)
    planned = [
        _planned(name, tensor, LOADED[dtype] if dtype else tensor.dtype, where) for name, (tensor, _) in names.items()
    ]
    planned.sort(key=lambda tensor: -WIDTHS[tensor.dtype])
    place = positions(names)
    folders = [Mapped(folder) for folder in models]
    extents = [
        [folder.extents[name] for folder, name in zip(folders, names[tensor.name][1], strict=True)]
        for tensor in planned
    ]
    ahead, writer = ReadAhead(extents), Writer(target, planned, shard_bytes)
    try:
        for tensor, together in zip(planned, extents, strict=True):
            inputs = [
                folder.tensor(called).reshape(-1)
                for folder, called in zip(folders, names[tensor.name][1], strict=True)
            ]
            try:
                factors = weights(tensor.name, place[tensor.name], inputs)
            except ZeroDivisionError:
                raise FactoryError(f"the weights of {tensor.name} sum to zero", where=where) from None
            for piece in arithmetic.weighted_sum(inputs, factors, getattr(torch, TYPES[tensor.dtype])):
                writer.write(piece)
            ahead.used(sum(extent.size for extent in together))
            if progress is not None:
                progress.advance()
        writer.close()
    finally:
        ahead.close()
        writer.stop()
        for folder in folders:
            folder.close()


def _planned(name: str, tensor: Any, dtype: str, where: str) -> Planned:
    if tensor.dtype not in WIDTHS:
        raise FactoryError(f"{name} holds {tensor.dtype}: only floating point can be merged", where=where)
    return Planned(name, dtype, tensor.shape, prod(tensor.shape) * WIDTHS[dtype])
