"""What people said of rows of a dataset, kept beside the artifacts and tied to one by its fingerprint."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from factory.errors import FactoryError
from factory.store.writing import write_atomically

if TYPE_CHECKING:
    from factory.store import Store


class Vote(BaseModel):
    """One rater's yes or no to one question about one row (its number in a split of the finished dataset)."""

    model_config = ConfigDict(frozen=True)

    split: str
    row: int
    rater: str
    question: str
    yes: bool

    @property
    def place(self) -> tuple[str, str, int]:
        """Whose votes on which row: what a new sheet of the same rater replaces. Names differ not by case alone."""
        return self.rater.casefold(), self.split, self.row


class _Votes(BaseModel):
    fingerprint: str
    votes: list[Vote]


def load_votes(store: Store, fingerprint: str) -> list[Vote]:
    """All votes about this very artifact.

    Raises:
        FactoryError: their file is damaged.
    """
    path = store.votes(fingerprint)
    if not path.is_file():
        return []
    try:
        found = _Votes.model_validate_json(path.read_bytes())
    except ValidationError:
        raise FactoryError("the votes are damaged", where=str(path), fix="import the sheets again") from None
    return found.votes if found.fingerprint == fingerprint else []


def save_votes(store: Store, fingerprint: str, votes: Iterable[Vote]) -> Path:
    path = store.votes(fingerprint)
    path.parent.mkdir(parents=True, exist_ok=True)
    ordered = sorted(votes, key=lambda vote: (*vote.place, vote.question))
    write_atomically(path, _Votes(fingerprint=fingerprint, votes=ordered).model_dump_json(indent=1).encode())
    return path


def replaced(old: Iterable[Vote], new: Iterable[Vote], places: set[tuple[str, str, int]]) -> list[Vote]:
    """The votes after a sheet came in: at the `places` that it speaks of, what it says counts; others stay."""
    return [*(vote for vote in old if vote.place not in places), *new]
