"""How far raters agree beyond chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence


def krippendorff_alpha(units: Iterable[Sequence[Hashable]]) -> float | None:
    """Krippendorff's alpha for nominal values; each unit has the values that its raters gave it, in any number.

    1 is perfect agreement, 0 what chance would give. Units of fewer than two values say nothing. None where no unit
    has two, or all values are the same: then there is nothing by which agreement could be told from chance.

    Source: K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C. nltk's AnnotationTask has it
    too, but takes seconds to import and gives 1 where it is not defined.

    >>> krippendorff_alpha([[1, 1], [1, 1], [0, 0], [0, 1]])
    0.5333333333333333
    """
    paired = [counts for values in units if (counts := Counter(values)).total() > 1]
    totals = sum(paired, Counter())
    expected = _unlike(totals)
    if not expected:
        return None
    observed = sum(_unlike(counts) / (counts.total() - 1) for counts in paired)
    return 1 - (totals.total() - 1) * observed / expected


def _unlike(counts: Counter[Hashable]) -> int:
    """Ordered pairs of values that differ."""
    return counts.total() ** 2 - sum(count**2 for count in counts.values())
