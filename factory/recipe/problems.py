"""Mistakes in a recipe: all of them at once, each at its place, with the nearest valid name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from factory.errors import UsageError

LONGEST = 1000


@dataclass(frozen=True, order=True)
class Place:
    """A position in a recipe file; lines and columns count from 1."""

    file: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    place: Place
    message: str

    def __str__(self) -> str:
        """One line, whatever the recipe's own words in it are."""
        message = "".join(c if c.isprintable() else "�" for c in " ".join(self.message.split()))
        return f"{self.place}: {message if len(message) <= LONGEST else message[:LONGEST] + '…'}"


class RecipeError(UsageError):
    """A recipe that is refused before any work; `problems` are in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))
