"""What every check is: a score, the side on which a score is good, and a default limit that a recipe may move."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

Pairs = tuple[Sequence[str | None], Sequence[str]]
"""Sources and targets of some rows, of the same length; a source is None for a text that is no translation."""


class Check(BaseModel):
    """Scores a text, or a translation against its source. Adding one means adding one file to this folder.

    A check has a field called `min` or `max`, after its `direction`: the limit, with its default.

    Attributes:
        name: the module's name, which a recipe writes.
        version: raise it when the same text gets another score.
        direction: ``min``: a score below the limit is bad; ``max``: one above it is.
        compares: True if there is no score without a source.
        surveys: True if a score depends on other rows: `survey` is called with all of them before any is scored.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    direction: ClassVar[Literal["min", "max"]]
    compares: ClassVar[bool] = False
    surveys: ClassVar[bool] = False

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        cls.name = cls.__module__.rsplit(".", 1)[-1]

    @property
    def limit(self) -> float:
        return getattr(self, self.direction)

    def score(self, source: str | None, target: str) -> float:
        """The score of `target`; `source` is None for a text that is no translation."""
        raise NotImplementedError

    def scores(self, sources: Sequence[str | None], targets: Sequence[str]) -> list[float | Exception]:
        """The scores of many, an exception in place of a score that could not be computed."""
        return each(self.score, sources, targets)

    def accept(self, score: float) -> bool:
        """Is the score on the good side of the limit? Never for NaN, which compares with nothing."""
        return score >= self.limit if self.direction == "min" else score <= self.limit

    def worse(self, one: float, other: float) -> float:
        return min(one, other) if self.direction == "min" else max(one, other)

    def explain(self, score: float) -> str:
        """``0.12 < 0.5``: why the score was not accepted."""
        return f"{score:.3g} {'<' if self.direction == 'min' else '>'} {self.limit:g}"

    def in_language(self, target: str, source: str | None = None) -> Check:
        """The check for translations into `target`, where it matters and the recipe did not say."""
        return self

    def survey(self, batches: Iterable[Pairs]) -> Check:
        """The check with what it has to know of all rows."""
        return self


def each(
    score: Callable[[str | None, str], float], sources: Sequence[str | None], targets: Sequence[str]
) -> list[float | Exception]:
    """One score after the other, an exception in place of one that could not be computed."""
    found: list[float | Exception] = []
    for source, target in zip(sources, targets, strict=True):
        try:
            found.append(score(source, target))
        except Exception as error:  # one bad row never stops a run
            found.append(error)
    return found
