"""A score and how far to trust it: value, number of samples, standard error and 95 % confidence interval."""

import math
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from factory.arrays import np
from factory.evaluate.proportions import wilson
from factory.evaluate.samples import Part


class Score(BaseModel):
    """One number of one model on one set of samples.

    Attributes:
        name: what gates and tables call it: ``average``, ``bleu``, a subject.
        value: on a scale of 0 to 100, or in the metric's own unit (perplexity, bits per byte).
        metric: how it was computed, in words that a reader can look up.
        n: number of samples behind it.
        stderr, low, high: standard error and 95 % confidence interval; None where there is no basis for them.
        task, dataset, config, split, revision: on what.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    value: float
    metric: str
    n: int
    stderr: float | None = None
    low: float | None = None
    high: float | None = None
    higher_is_better: bool = True
    task: str = ""
    dataset: str | None = None
    config: str | None = None
    split: str | None = None
    revision: str | None = None


def accuracy(name: str, correct: float, n: int, **about: object) -> Score:
    """Percent correct with its binomial standard error and Wilson interval."""
    p = correct / n
    low, high = wilson(correct, n)
    stderr = 100 * math.sqrt(p * (1 - p) / n)
    about = {"metric": "accuracy", **about}
    return Score(name=name, value=100 * p, n=n, stderr=stderr, low=100 * low, high=100 * high, **about)  # type: ignore[arg-type]


def mean_of(name: str, parts: Sequence[Score], **about: object) -> Score:
    """Unweighted mean of independent scores, as the Arabic leaderboards average their subtasks.

    The interval comes from the parts' own by the method of variance estimates recovery (Zou & Donner 2008): the
    distances of the bounds from the values add up as squares. For one part it is that part's interval.
    """
    k = len(parts)
    value = sum(part.value for part in parts) / k
    stderr = low = high = None
    if all(part.stderr is not None for part in parts):
        stderr = math.sqrt(sum((part.stderr or 0.0) ** 2 for part in parts)) / k
    if all(part.low is not None and part.high is not None for part in parts):
        low = value - math.sqrt(sum((part.value - (part.low or 0.0)) ** 2 for part in parts)) / k
        high = value + math.sqrt(sum(((part.high or 0.0) - part.value) ** 2 for part in parts)) / k
    about = {"metric": parts[0].metric, **about}
    n = sum(part.n for part in parts)
    return Score(name=name, value=value, n=n, stderr=stderr, low=low, high=high, **about)  # type: ignore[arg-type]


def bootstrap(name: str, part: Part, **about: object) -> Score:
    """A pooled score with a percentile bootstrap over its samples (1,000 resamples, fixed seed).

    Where samples belong together, the error and the interval are the wider ones of two: of resampled clusters, and of
    resampled samples.
    """
    value = part.value
    drawn = [part.resampled(whole)[0] for whole in ([True, False] if part.clusters is not None else [False])]
    bounds = np.array([np.percentile(draws, [2.5, 97.5]) for draws in drawn])
    return Score(
        name=name,
        value=value,
        n=len(part.keys),
        stderr=max(float(np.std(draws, ddof=1)) for draws in drawn),
        low=min(value, float(bounds[:, 0].min())),
        high=max(value, float(bounds[:, 1].max())),
        **about,  # type: ignore[arg-type]
    )


def share(name: str, part: Part, **about: object) -> Score:
    """`accuracy` of a part whose samples are 0 or 100; where they belong together, with the error of `bootstrap`."""
    n = len(part.keys)
    found = accuracy(name, part.statistics[:, 0].sum() / 100, n, **about)
    if part.clusters is None:
        return found
    wide = bootstrap(name, part, **{"metric": found.metric, **about})
    errors = {
        "stderr": max(found.stderr or 0.0, wide.stderr or 0.0),
        "low": min(found.low or 0.0, wide.low or 0.0),
        "high": max(found.high or 0.0, wide.high or 0.0),
    }
    return found.model_copy(update=errors)
