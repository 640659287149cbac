"""Whether one model is better than another on the same questions: a paired bootstrap of the difference of two scores.

What belongs together is drawn whole, since questions on one subject or document tell less than as many on many
(Miller 2024, Adding Error Bars to Evals, section 2.2; of the bootstrap of clusters Field & Welsh 2007).
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from factory.arrays import ndarray, np
from factory.evaluate.base import RESULTS
from factory.evaluate.samples import BOOTSTRAP_SEED, RESAMPLES, Part, Samples

DIFFERING = 6
"""Samples in which two models must differ: of five that all speak for one of them the sign test gives p = 0.06."""


@dataclass(frozen=True)
class Difference:
    """A score less another model's score, and the 95 % interval of the difference.

    Attributes:
        n: samples that both answered.
        clusters: what was drawn whole: subjects or documents; 0: each sample stands alone.
    """

    value: float
    low: float
    high: float
    n: int
    clusters: int
    higher_is_better: bool = True

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` where the interval excludes 0, else ``no difference shown``."""
        if self.low <= 0 <= self.high:
            return "no difference shown"
        return "better" if (self.low > 0) == self.higher_is_better else "worse"

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__, "verdict": self.verdict}


def difference(ours: Samples, theirs: Samples, score: str, *, higher_is_better: bool = True) -> Difference:
    """`score` of one evaluation less that of another, with a percentile bootstrap (1,000 resamples, fixed seed).

    Every resample holds the same questions of both. The interval is the wider of two: of resampled clusters, and of
    resampled samples, since a few clusters may agree by chance. Where the two differ in fewer than `DIFFERING`
    samples it reaches to 0.

    Raises:
        ValueError: they did not answer the same questions.
    """
    groups = ours.scores[score]
    names = [name for group in groups for name in group]
    if groups != theirs.scores.get(score):
        raise ValueError("they have not the same subtasks")
    for name in names:
        if list(ours.parts[name].keys) != list(theirs.parts[name].keys):
            raise ValueError(f"they were not asked the same questions in {name}")
    value = round(ours.value(score) - theirs.value(score), 9)
    parts = [(ours.parts[name], theirs.parts[name]) for name in names]
    clusters = sum(_clusters([ours.parts[name] for name in group]) for group in groups)
    draws = [_draws(ours, theirs, groups, whole) for whole in ([True, False] if clusters else [False])]
    bounds = np.array([np.percentile(found, [2.5, 97.5]) for found in draws]).round(9)  # sums of floats
    low, high = min(value, float(bounds[:, 0].min())), max(value, float(bounds[:, 1].max()))
    differing = sum(int((one.statistics != other.statistics).any(axis=1).sum()) for one, other in parts)
    if differing < DIFFERING:
        low, high = min(low, 0.0), max(high, 0.0)
    n = sum(len(one.keys) for one, _ in parts)
    return Difference(value, low, high, n, clusters, higher_is_better)


@lru_cache(maxsize=256)
def differences(ours: Path, theirs: Path) -> Mapping[str, Difference]:
    """{score: difference} of two finished evaluations in their folders, which never change.

    Nothing of a score that cannot be compared: an evaluation of a release that kept no samples, other questions.
    """
    one, other = Samples.read(ours), Samples.read(theirs)
    found: dict[str, Difference] = {}
    if one is None or other is None:
        return found
    scores = json.loads((ours / RESULTS).read_bytes())["scores"]
    for name in one.scores:
        with suppress(ValueError):
            found[name] = difference(one, other, name, higher_is_better=scores[name].get("higher_is_better", True))
    return found


def _clusters(parts: Sequence[Part]) -> int:
    if len(parts) > 1:
        return len(parts)
    return len(set(parts[0].clusters)) if parts[0].clusters is not None else 0


def _draws(ours: Samples, theirs: Samples, groups: Sequence[Sequence[str]], whole: bool) -> ndarray:
    """(r) differences: of every group a resample of its own."""
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    means = []
    for group in groups:
        pairs = [(ours.parts[name], theirs.parts[name]) for name in group]
        if whole and len(pairs) > 1:
            values = np.array([one.value - other.value for one, other in pairs])
            means.append(values[rng.integers(len(values), size=(RESAMPLES, len(values)))].mean(axis=1))
        else:
            drawn = [one.resampled(whole, other, rng=rng) for one, other in pairs]
            means.append(np.mean([first - second for first, second in drawn], axis=0))
    return np.mean(means, axis=0)
