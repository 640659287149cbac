import logging
import os

import pytest

from factory.errors import FactoryError
from factory.profile import Profile
from factory.step.state import session, single_device


def test_an_error_inside_puts_everything_back():
    import torch

    before = torch.get_num_threads(), torch.get_rng_state(), dict(os.environ), logging.root.manager.disable
    with pytest.raises(ZeroDivisionError), session(Profile(threads=before[0] + 1), 7):
        assert torch.get_num_threads() == before[0] + 1
        os.environ["LEFT_BY_A_LIBRARY"] = "1"
        torch.rand(3)
        _ = 1 / 0
    after = torch.get_num_threads(), torch.get_rng_state(), dict(os.environ), logging.root.manager.disable
    assert before[1].equal(after[1])
    assert (before[0], *before[2:]) == (after[0], *after[2:])


def test_the_seed_decides_what_is_drawn():
    import random

    import numpy
    import torch

    def draw(seed):
        with session(Profile(), seed):
            return random.random(), numpy.random.rand(), torch.rand(1).item()

    assert draw(1) == draw(1)
    assert not set(draw(1)) & set(draw(2))


def test_second_gpu_is_refused_with_the_way_to_get_it():
    assert single_device(Profile(device="cuda:0"), "") == "cuda"
    with pytest.raises(FactoryError, match="CUDA_VISIBLE_DEVICES=3"):
        single_device(Profile(device="cuda:3"), "recipe.yaml:1:1")
