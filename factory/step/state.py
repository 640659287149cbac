"""Process-wide settings that training changes (threads, random states, environment), put back afterwards."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from factory.errors import FactoryError
from factory.step.surroundings import quiet_libraries

if TYPE_CHECKING:
    from factory.profile import Profile


@contextmanager
def session(profile: Profile, seed: int) -> Iterator[None]:
    """Quiet libraries, the profile's threads and seeded random states, for the time of one step."""
    import numpy
    import torch

    threads = torch.get_num_threads()
    states = random.getstate(), numpy.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else None
    try:
        with quiet_libraries():
            torch.set_num_threads(profile.threads or threads)
            random.seed(seed)
            numpy.random.seed(seed % 2**32)
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
        random.setstate(states[0])
        numpy.random.set_state(states[1])
        torch.set_rng_state(states[2])
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)


def single_device(profile: Profile, where: str) -> str:
    """``cpu`` or ``cuda``: where this process trains.

    Raises:
        FactoryError: the profile names another GPU than the first visible one.
    """
    device = profile.torch_device()
    if device in ("cpu", "cuda", "cuda:0"):
        return device.split(":")[0]
    number = device.removeprefix("cuda:")
    raise FactoryError(
        f"training runs on the first visible GPU, not on {device}",
        where=where,
        fix=f"set CUDA_VISIBLE_DEVICES={number} and device: cuda in the profile",
    )
