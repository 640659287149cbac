"""What people's votes about rows come to: shares with intervals, and how far the raters agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from factory.evaluate.agreement import krippendorff_alpha
from factory.evaluate.proportions import wilson
from factory.store.votes import Vote


@dataclass(frozen=True)
class Rating:
    """One question.

    Attributes:
        rows, raters, votes: how many rows have votes, of how many people, and how many votes there are.
        shared: rows with several votes.
        yes: rows of which more than half of the votes are yes; a tie is none.
        share, low, high: of `yes` in `rows`, in percent, with its 95 % Wilson interval.
        alpha: Krippendorff's, over the shared rows; None where it is not defined.
    """

    question: str
    rows: int
    raters: int
    votes: int
    shared: int
    yes: int
    share: float
    low: float
    high: float
    alpha: float | None


def ratings(votes: Iterable[Vote]) -> list[Rating]:
    """One entry for every question, in the order of their names."""
    asked: dict[str, list[Vote]] = {}
    for vote in votes:
        asked.setdefault(vote.question, []).append(vote)
    return [_rating(question, asked[question]) for question in sorted(asked)]


def _rating(question: str, votes: list[Vote]) -> Rating:
    rows: dict[tuple[str, int], list[bool]] = {}
    for vote in votes:
        rows.setdefault((vote.split, vote.row), []).append(vote.yes)
    yes = sum(2 * sum(said) > len(said) for said in rows.values())
    low, high = (100 * bound for bound in wilson(yes, len(rows)))
    return Rating(
        question=question,
        rows=len(rows),
        raters=len({vote.rater.casefold() for vote in votes}),
        votes=len(votes),
        shared=sum(len(said) > 1 for said in rows.values()),
        yes=yes,
        share=100 * yes / len(rows),
        low=low,
        high=high,
        alpha=krippendorff_alpha(rows.values()),
    )
