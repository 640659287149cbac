"""What a model folder's safetensors hold, read from their headers: no weight is loaded."""

import json
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from factory.engines.weights import weight_files


class Tensor(NamedTuple):
    dtype: str
    shape: tuple[int, ...]


def entries(path: Path) -> tuple[int, dict[str, dict[str, Any]]]:
    """(where the data begins, {tensor: its header entry}) of one file.

    The header is a length (8 bytes, little endian) and that much JSON.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return 8 + length, header


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """{name: (dtype, shape)} of all weights of the model in the folder."""
    found: dict[str, Tensor] = {}
    for path in weight_files(folder):
        found |= {name: Tensor(entry["dtype"], tuple(entry["shape"])) for name, entry in entries(path)[1].items()}
    return found


def count(tensors: dict[str, Tensor]) -> int:
    """Elements of all tensors."""
    return sum(prod(tensor.shape) for tensor in tensors.values())
