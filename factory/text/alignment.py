"""Which lines of a text have no counterpart in its translation, told by their lengths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

LONGEST = 120  # lines or sentences of a text that are aligned
# After Gale and Church, A Program for Aligning Sentences in Bilingual Corpora (1993). Their s2 is 6.8; that of English
# and Arabic is 2.2 (FLORES-200 devtest). The priors are assumed; what has no counterpart costs its prior alone.
_VARIANCE = 2.2
_MOVES = {(1, 1): 0.95, (2, 1): 0.02, (1, 2): 0.02, (1, 0): 0.005, (0, 1): 0.005}


def lost(source: Sequence[int], target: Sequence[int], expected: float) -> int:
    """How many of the source's lines or sentences the best alignment leaves without a counterpart; 0 beyond `LONGEST`.

    Args:
        source, target: characters of each.
        expected: characters of translation for one of the source.

    >>> lost([80, 60, 90], [75, 85], 0.9), lost([80, 60, 90], [75, 140], 0.9)
    (1, 0)
    """
    if max(len(source), len(target)) > LONGEST:
        return 0
    best: dict[tuple[int, int], tuple[float, int]] = {(0, 0): (0.0, 0)}
    for i in range(len(source) + 1):
        for j in range(len(target) + 1):
            known = best.get((i, j))
            if known is None:
                continue
            for (a, b), prior in _MOVES.items():
                if i + a > len(source) or j + b > len(target):
                    continue
                step = -math.log(prior)
                if a and b:
                    step += _cost(sum(source[i : i + a]), sum(target[j : j + b]), expected)
                found = known[0] + step, known[1] + (a if not b else 0)
                if found < best.get((i + a, j + b), (math.inf, 0)):
                    best[i + a, j + b] = found
    return best[len(source), len(target)][1]


@lru_cache(maxsize=4096)
def _cost(source: int, target: int, expected: float) -> float:
    """Minus the logarithm of how likely two lengths so far apart are."""
    usual = target / expected
    away = abs(usual - source) / math.sqrt(max(source, usual, 1) * _VARIANCE)
    return -math.log(max(math.erfc(away / math.sqrt(2)), 1e-12))
