"""What a model folder's safetensors hold, read from their headers: no weight is loaded."""

import json
import re
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError, safe_open

from factory.engines.weights import weight_files
from factory.errors import FactoryError, first_line

BUFFER = re.compile(r"(^|\.)(original_)?(inv_freq|cos_cached|sin_cached|masked_bias|position_ids)$")
CAUSAL_MASK = re.compile(r"(^|\.)(attn|attention)\.bias$")  # of GPT-2 and GPT-NeoX: [1, 1, positions, positions]


class Tensor(NamedTuple):
    dtype: str
    shape: tuple[int, ...]


def entries(path: Path) -> tuple[int, dict[str, dict[str, Any]]]:
    """(where the data begins, {tensor: its header entry}) of one file; buffers are left aside.

    The header is a length (8 bytes, little endian) and that much JSON.

    Raises:
        FactoryError: this is no safetensors file, or not the whole of one.
    """
    try:
        with safe_open(path, "numpy"):
            pass
    except SafetensorError as error:
        what = f"{path.name} is no whole safetensors file: {first_line(error)}"
        raise FactoryError(what, where=str(path.parent), fix="fetch or make it again") from error
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return 8 + length, {name: entry for name, entry in header.items() if not is_buffer(name, entry["shape"])}


def is_buffer(name: str, shape: Sequence[int]) -> bool:
    """Whether a stored tensor is no weight but what older releases of transformers kept beside them.

    It is worked out anew when a model is loaded, and few architectures still have a place for it.

    >>> is_buffer("model.layers.0.self_attn.rotary_emb.inv_freq", [64]), is_buffer("lm_head.bias", [32000])
    (True, False)
    """
    return BUFFER.search(name) is not None or (CAUSAL_MASK.search(name) is not None and len(shape) == 4)


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """{name: (dtype, shape)} of all weights of the model in the folder."""
    found: dict[str, Tensor] = {}
    for path in weight_files(folder):
        found |= {name: Tensor(entry["dtype"], tuple(entry["shape"])) for name, entry in entries(path)[1].items()}
    return found


def count(tensors: dict[str, Tensor]) -> int:
    """Elements of all tensors."""
    return sum(prod(tensor.shape) for tensor in tensors.values())
