"""What a model folder's safetensors hold, read from their headers: no weight is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Tensor(NamedTuple):
    dtype: str
    shape: tuple[int, ...]


def read_header(path: Path) -> dict[str, Tensor]:
    """{name: (dtype, shape)} of one file; the header is a length (8 bytes, little endian) and that much JSON."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return {name: Tensor(e["dtype"], tuple(e["shape"])) for name, e in header.items() if name != "__metadata__"}


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """{name: (dtype, shape)} of all weights in the folder."""
    found: dict[str, Tensor] = {}
    for path in sorted(folder.glob("*.safetensors")):
        found |= read_header(path)
    return found


def count(tensors: dict[str, Tensor]) -> int:
    """Elements of all tensors."""
    from math import prod

    return sum(prod(tensor.shape) for tensor in tensors.values())
