import doctest

import pytest

import factory.models.train.loop as loop
from factory.errors import FactoryError
from factory.models.train.loop import split_batch
from factory.profile import Profile


@pytest.fixture(scope="module")
def trainer():
    """The module, imported when a test runs: it takes seconds."""
    import factory.models.train.trainer as module

    return module


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


def test_tokens_of_a_run_with_two_resumes(trainer):
    counts = [10, 20, 30, 5, 15, 4]
    assert trainer.tokens_seen([{"num_tokens": count} for count in counts] + [{"train_loss": 1.0}]) == 30 + 15 + 4


def test_loss_metrics(trainer):
    history = [{"loss": 3.0, "step": 1}, {"eval_loss": 9.0, "step": 1}, {"loss": 2.0, "step": 5}, {"train_loss": 2.5}]
    assert trainer.loss_metrics(history) == {"first": 3.0, "last": 2.0, "curve": [[1, 3.0], [5, 2.0]]}
    assert trainer.loss_metrics([]) == {}


def test_held_out_loss_is_that_of_the_weights_that_are_kept(trainer):
    history = [{"eval_loss": loss, "step": step} for step, loss in ((0, 3.0), (2, 1.0), (4, 2.0))]
    curve = [[0, 3.0], [2, 1.0], [4, 2.0]]
    assert trainer.held_out_loss(history, stops_early=False) == {"before": 3.0, "after": 2.0, "curve": curve}
    assert trainer.held_out_loss(history, stops_early=True) == {
        "before": 3.0,
        "after": 1.0,
        "curve": curve,
        "best_step": 2,
    }
    assert trainer.held_out_loss([{"loss": 1.0, "step": 1}], stops_early=True) == {}


def test_second_gpu_is_refused_with_the_way_to_get_it():
    assert loop.single_device(Profile(device="cuda:0"), "") == "cuda"
    with pytest.raises(FactoryError, match="CUDA_VISIBLE_DEVICES=3"):
        loop.single_device(Profile(device="cuda:3"), "recipe.yaml:1:1")
