"""Sampling whose draws belong to a row, and not to the batch that it is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factory.engines.manner import Sampling


def drawing(sampling: Sampling, seeds: Sequence[int], pad: int) -> Any:
    """A logits processor for greedy decoding of rows with these seeds, after which the greatest logit is a sample.

    Penalty, temperature, top-k and top-p as transformers applies them, then Gumbel noise from each row's own
    generator: the index of the greatest of logits + noise is distributed as their softmax (Gumbel 1954; Maddison et
    al. 2014, arXiv 1411.0030). Tokens that pad are not penalised, since how many there are depends on the other rows.
    """
    import torch
    from transformers import LogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    cuts: list[Any] = [TemperatureLogitsWarper(sampling.temperature)]
    if sampling.top_k:
        cuts.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1:
        cuts.append(TopPLogitsWarper(sampling.top_p))

    class Drawing(LogitsProcessor):
        def __init__(self) -> None:
            self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]

        def __call__(self, input_ids: Any, scores: Any) -> Any:
            scores = scores.float()
            if sampling.repetition_penalty != 1:
                scores = self._penalised(input_ids, scores)
            for cut in cuts:
                scores = cut(input_ids, scores)
            draws = [torch.rand(scores.shape[1], generator=each, dtype=torch.float64) for each in self.generators]
            noise = -(-torch.stack(draws).clamp_min(1e-300).log()).log()
            return scores + noise.to(scores)

        def _penalised(self, input_ids: Any, scores: Any) -> Any:
            """Keskar et al. 2019, arXiv 1909.05858: positive logits are divided by the penalty, others multiplied."""
            there = torch.zeros_like(scores, dtype=torch.bool).scatter_(1, input_ids, True)
            there[:, pad] = False
            factor = torch.where(scores < 0, sampling.repetition_penalty, 1 / sampling.repetition_penalty)
            return torch.where(there, scores * factor, scores)

    return Drawing()
