"""Several datasets as one stream of sequences: weights that may change over training, repeatable to the sequence."""

from collections.abc import Mapping, Sequence
from typing import Any

from factory.arrays import ndarray, np

Weight = float | list[float]
"""A share, or shares at evenly spaced points of training from first step to last, on straight lines in between."""


def shares(weights: Mapping[str, Weight], at: float) -> dict[str, float]:
    """Each dataset's share of the tokens at a point of training from 0 to 1; they add up to 1.

    >>> shares({"ar": [0, 1], "en": [1, 1]}, 1.0)
    {'ar': 0.5, 'en': 0.5}
    """
    found = {name: _between(weight, at) for name, weight in weights.items()}
    total = sum(found.values())
    return {name: value / total for name, value in found.items()}


def _between(weight: Weight, at: float) -> float:
    if not isinstance(weight, list):
        return float(weight)
    place = at * (len(weight) - 1)
    index = min(int(place), len(weight) - 2)
    return weight[index] + (place - index) * (weight[index + 1] - weight[index])


def check_weights(weights: Mapping[str, Weight]) -> None:
    """
    Raises:
        ValueError: a negative weight, a list of one, or a point of training at which all are 0.
    """
    for name, weight in weights.items():
        if isinstance(weight, list) and len(weight) < 2:
            raise ValueError(f"{name}: a schedule needs at least a first and a last weight")
        if any(value < 0 for value in (weight if isinstance(weight, list) else [weight])):
            raise ValueError(f"{name}: a weight cannot be negative")
    corners = {i / (len(w) - 1) for w in weights.values() if isinstance(w, list) for i in range(len(w))} | {0.0, 1.0}
    for at in sorted(corners):
        if not any(_between(weight, at) for weight in weights.values()):
            raise ValueError(f"all weights are 0 at {at:.0%} of the training")


def stream(weights: Mapping[str, Weight], sizes: Mapping[str, int], total: int, seed: int) -> ndarray:
    """Which sequence comes when: numbers into the datasets laid end to end, `total` of them.

    Each place goes to the dataset that is furthest behind its share so far, so that every stretch of the stream, and
    with it every batch, holds the mix of its time to within one sequence. A dataset that is used up begins again in
    another order.

    Args:
        sizes: sequences of each dataset, in the order in which they are laid.
        total: length of the stream.
    """
    names = list(weights)
    owed = dict.fromkeys(names, 0.0)
    taken = dict.fromkeys(names, 0)
    begins = dict(zip(sizes, np.cumsum([0, *sizes.values()])[:-1].tolist(), strict=True))
    orders: dict[str, Any] = {}
    found = np.empty(total, dtype=np.int64)
    for place in range(total):
        for name, share in shares(weights, place / max(total - 1, 1)).items():
            owed[name] += share
        name = max(names, key=owed.__getitem__)
        owed[name] -= 1.0
        times, position = divmod(taken[name], sizes[name])
        if position == 0:
            random = np.random.Generator(np.random.PCG64([seed, names.index(name), times]))
            orders[name] = random.permutation(sizes[name])
        found[place] = begins[name] + orders[name][position]
        taken[name] += 1
    return found


def passes(numbers: ndarray, sizes: Mapping[str, int]) -> dict[str, float]:
    """How often a stream goes through each dataset."""
    edges = np.cumsum([0, *sizes.values()])
    counts: Sequence[int] = np.histogram(numbers, bins=edges)[0].tolist()
    return {name: round(count / size, 4) for (name, size), count in zip(sizes.items(), counts, strict=True)}
