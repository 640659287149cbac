"""How much memory is free for a model, and how much one needs."""

from __future__ import annotations

from math import prod
from pathlib import Path

import psutil
import torch

CGROUP = Path("/sys/fs/cgroup")


def free() -> int:
    """Bytes that a model may still take: of the GPU, else of the machine and of the container within it."""
    if torch.cuda.is_available():
        return torch.cuda.mem_get_info()[0]
    return min(psutil.virtual_memory().available, _free_of_container())


def needed(folder: Path, dtype: torch.dtype) -> int:
    """Bytes of a model's weights, all of them in `dtype`, by the headers of its safetensors files."""
    from safetensors import safe_open

    parameters = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            parameters += sum(prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    return parameters * dtype.itemsize


def _free_of_container() -> float:
    try:
        limit = (CGROUP / "memory.max").read_text().strip()
        used = int((CGROUP / "memory.current").read_text())
        fields = dict(line.split() for line in (CGROUP / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # no container, or one of another kind
        return float("inf")
    return float("inf") if limit == "max" else int(limit) - used + int(fields.get("inactive_file", 0))
