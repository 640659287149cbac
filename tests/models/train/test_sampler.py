import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from factory.models.train.sampler import LengthGroupedBatches


@settings(max_examples=60, deadline=None)
@given(lengths=st.lists(st.integers(1, 500), max_size=300), batch_size=st.integers(1, 7), epoch=st.integers(0, 3))
def test_every_row_comes_once_and_a_resumed_epoch_repeats(lengths: list[int], batch_size: int, epoch: int) -> None:
    sampler = LengthGroupedBatches(lengths, batch_size, seed=1)
    sampler.set_epoch(epoch)
    rows = list(sampler)
    assert sorted(rows) == list(range(len(lengths)))
    assert rows == list(sampler)


def test_lengths_are_alike_within_a_batch_and_mixed_between_batches() -> None:
    lengths = [(i * 37) % 100 for i in range(2000)]
    rows = list(LengthGroupedBatches(lengths, 10, seed=0))
    batches = [[lengths[row] for row in rows[i : i + 10]] for i in range(0, 2000, 10)]
    assert max(max(batch) - min(batch) for batch in batches) <= 5
    means = [sum(batch) / 10 for batch in batches]
    falls = sum(a > b for a, b in itertools.pairwise(means))
    assert 0.35 < falls / len(means) < 0.65  # neither rising nor falling


def test_epochs_differ() -> None:
    sampler = LengthGroupedBatches(list(range(100)), 4, seed=0)
    first = list(sampler)
    sampler.set_epoch(1)
    assert first != list(sampler)
