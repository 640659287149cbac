import doctest

import pytest

import factory.models.train.loop as loop
from factory.errors import FactoryError
from factory.models.train.loop import split_batch
from factory.profile import Profile


def test_examples_in_the_docstrings():
    assert doctest.testmod(loop).failed == 0


@pytest.mark.parametrize(
    ("batch", "device", "wanted"),
    [(8, None, (8, 1)), (8, 3, (2, 4)), (8, 64, (8, 1)), (7, 4, (1, 7)), (64, 16, (16, 4)), (1, 1, (1, 1))],
)
def test_a_batch_is_split_without_changing_it(batch, device, wanted):
    assert split_batch(batch, device) == wanted


def test_a_batch_that_devices_cannot_share_is_refused():
    assert split_batch(64, 4, devices=8) == (4, 2)
    with pytest.raises(ValueError, match="a batch of 6 cannot be shared out evenly to 4 devices"):
        split_batch(6, None, devices=4)
    with pytest.raises(ValueError, match="a batch of 2"):
        split_batch(2, None, devices=4)


def test_second_gpu_is_refused_with_the_way_to_get_it():
    assert loop.single_device(Profile(device="cuda:0"), "") == "cuda"
    with pytest.raises(FactoryError, match="CUDA_VISIBLE_DEVICES=3"):
        loop.single_device(Profile(device="cuda:3"), "recipe.yaml:1:1")
