"""The order of training rows where batches are made of rows of like length. Imports torch."""

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler

BATCHES_TOGETHER = 50  # rows are sorted by length within this many batches, as transformers' LengthGroupedSampler does


class LengthGroupedBatches(Sampler[int]):
    """Row numbers, so that each run of `batch_size` has like lengths, and the runs come in random order.

    transformers' own sampler leaves the runs sorted from long to short, 50 at a time: the loss then swings with the
    lengths and small models learn markedly less. The order depends on the seed and the epoch alone, so that a resumed
    run goes on in it.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self.lengths, self.batch_size, self.seed, self.epoch = lengths, batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator()
        generator.manual_seed(self.seed + self.epoch)
        rows = torch.randperm(len(self.lengths), generator=generator).tolist()
        together = self.batch_size * BATCHES_TOGETHER
        batches: list[list[int]] = []
        for start in range(0, len(rows), together):
            group = sorted(rows[start : start + together], key=lambda row: self.lengths[row])
            batches += [group[i : i + self.batch_size] for i in range(0, len(group), self.batch_size)]
        whole = [batch for batch in batches if len(batch) == self.batch_size]
        rest = [batch for batch in batches if len(batch) < self.batch_size]  # in between it would shift those after it
        for i in torch.randperm(len(whole), generator=generator).tolist():
            yield from whole[i]
        for batch in rest:
            yield from batch
