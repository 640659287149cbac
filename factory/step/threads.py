"""How many CPU threads torch gets for a step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from factory.profile import Profile

SMALL_MODEL_BYTES = 32 << 20
"""Below this, two threads were no faster than one on an idle machine and several times slower on a busy one."""


@contextmanager
def torch_threads(profile: Profile, models: Iterable[Path]) -> Iterator[None]:
    """The profile's `threads`, or one for small models on a CPU, or torch's own number; put back afterwards."""
    sizes = [path.stat().st_size for folder in models for path in folder.glob("*.safetensors")]
    if not sizes:
        yield
        return
    import torch

    before = torch.get_num_threads()
    small = sum(sizes) < SMALL_MODEL_BYTES and profile.torch_device() == "cpu"
    torch.set_num_threads(profile.threads or (1 if small else before))
    try:
        yield
    finally:
        torch.set_num_threads(before)
