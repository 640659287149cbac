"""How far to trust a share of so many cases. Nothing but the standard library: the Space takes this file along."""

import math

Z95 = 1.959963984540054  # 97.5 % quantile of the normal distribution


def wilson(correct: float, n: int) -> tuple[float, float]:
    """95 % interval of a proportion, both in 0..1 (Wilson 1927): never empty, never outside 0..1.

    >>> tuple(round(x, 4) for x in wilson(8, 10))
    (0.4902, 0.9433)
    """
    p, z2 = correct / n, Z95 * Z95
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    # At p = 0 and p = 1 the bound is exact; rounding would put it a hair beyond the value.
    return min(p, max(0.0, centre - half)), max(p, min(1.0, centre + half))
