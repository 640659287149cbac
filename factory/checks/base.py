"""What every check is: a score, the side on which a score is good, and a default limit that a recipe may move."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from factory.images.facts import Facts
from factory.text.column import Texts
from factory.text.passages import prose_columns, prose_pair

Pairs = tuple[Sequence[str | None], Sequence[str]]
"""Sources and targets of some rows, of the same length; a source is None for a text that is no translation."""

Encode = Callable[[Sequence[str]], Any]
"""Texts to an array (texts, dimensions) of vectors of length 1."""

Scores = tuple[Any, dict[int, Exception]]
"""An array with the score of each row, and row -> why it could not be computed."""

EXPECTED = "characters of translation for one of the source; default: as professional translators write them"
FEW = 8  # rows for which looking at columns costs more than it saves


class Check(BaseModel):
    """Scores a text, or a translation against its source. Adding one means adding one file to this folder.

    A check has a field called `min` or `max`, after its `direction`: the limit, with its default.

    Attributes:
        name: the module's name, which a recipe writes.
        version: raise it when the same text gets another score.
        direction: ``min``: a score below the limit is bad; ``max``: one above it is.
        compares: True if there is no score without a source.
        surveys: True if a score depends on other rows: `survey` is called with all of them before any is scored.
        reads_prose: True if it gets both texts without code, formulas, addresses and whatever else is not prose to
            `factory.text.passages`.
        looks: True if it looks at pictures: an `ImageCheck`.
        embeds: True if it compares embeddings, and has a `model`: `embedding_with` is called before all else.
        usual: the score of a row in which `candidates` sees nothing of interest.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    direction: ClassVar[Literal["min", "max"]]
    compares: ClassVar[bool] = False
    surveys: ClassVar[bool] = False
    reads_prose: ClassVar[bool] = False
    embeds: ClassVar[bool] = False
    looks: ClassVar[bool] = False
    usual: ClassVar[float] = 1.0

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        cls.name = cls.__module__.rsplit(".", 1)[-1]

    @property
    def limit(self) -> float:
        return getattr(self, self.direction)

    def identity(self) -> dict[str, Any]:
        """The check as a fingerprint covers it: name -> version and all parameters."""
        return {self.name: {"version": self.version, **self.model_dump(mode="json")}}

    def score(self, source: str | None, target: str) -> float:
        """The score of `target`; `source` is None for a text that is no translation."""
        return self.measure(*(prose_pair(source, target) if self.reads_prose else (source, target)))

    def measure(self, source: str | None, target: str) -> float:
        """The same of what the check reads: what a check has to define."""
        raise NotImplementedError

    def scores(self, sources: Sequence[str | None], targets: Sequence[str]) -> list[float | Exception]:
        """The scores of many, an exception in place of a score that could not be computed.

        The same as those of `score`, row by row.
        """
        found, errors = self.column_scores(Texts.of(sources), Texts.of(targets))
        scores: list[float | Exception] = found.tolist()
        for row, error in errors.items():
            scores[row] = error
        return scores

    def column_scores(self, sources: Texts, targets: Texts) -> Scores:
        """The same as an array, and the exceptions by row. Whoever runs several checks passes the same `Texts` to all:
        each takes what an earlier one has found out."""
        if len(targets) < FEW:
            return each(self.score, sources.given, targets, range(len(targets)))
        if not self.reads_prose:
            return self._of_columns(sources, targets)
        rows, *prose = prose_columns(sources, targets)
        found, errors = self._of_columns(sources, targets, but=rows)
        found[rows], of_prose = self._of_columns(*prose)
        return found, errors | {int(rows[place]): error for place, error in of_prose.items()}

    def _of_columns(self, sources: Texts, targets: Texts, but: Any = None) -> Scores:
        """`usual` for all but the `candidates`, which are looked at one by one; for the rows `but` it may be, too."""
        import numpy as np

        found = self.counted(sources, targets)
        if found is not None:
            return found, {}
        chosen = self.candidates(sources, targets)
        if but is not None:
            chosen = chosen.copy()  # others may have it, too
            chosen[but] = False
        rows = chosen.nonzero()[0]
        found = np.full(len(targets), self.usual)
        found[rows], errors = each(self.measure, sources.given, targets, rows.tolist())
        return found, errors

    def counted(self, sources: Texts, targets: Texts) -> Any:
        """An array of all scores, of checks that count them in one go; None of those that have `candidates`."""
        return None

    def candidates(self, sources: Texts, targets: Texts) -> Any:
        """Which rows may have another score than `usual`: one truth value each.

        What makes a check fast: most rows have nothing that it looks for, which is seen for all of them at once.
        """
        import numpy as np

        return np.ones(len(targets), dtype=bool)

    def accept(self, score: Any) -> Any:
        """Is the score on the good side of the limit? Never for NaN, which compares with nothing. Arrays go, too."""
        return score >= self.limit if self.direction == "min" else score <= self.limit

    def explain(self, score: float) -> str:
        """``0.12 < 0.5``: why the score was not accepted."""
        return f"{score:.3g} {'<' if self.direction == 'min' else '>'} {self.limit:g}"

    def in_language(self, target: str, source: str | None = None) -> Check:
        """The check for translations into `target`, where it matters and the recipe did not say."""
        return self

    def unjudged(self) -> str:
        """Why the check says nothing about texts in its languages; empty where it does."""
        return ""

    def expecting(self, ratio: float) -> Check:
        """The check with `ratio` as its `expected`, where the recipe did not set it."""
        if "expected" in self.model_fields_set:
            return self
        return self.model_copy(update={"expected": round(ratio, 3)})

    @property
    def reference(self) -> str | None:
        """The model of the recipe or the Hub that it compares by; None where it needs none."""
        return None

    def embedding_with(self, encode: Encode) -> Check:
        """The check with the model that it compares by."""
        return self

    def survey(self, batches: Iterable[Pairs]) -> Check:
        """The check with what it has to know of all rows."""
        return self


class ImageCheck(Check):
    """Scores the pictures of a row. A row keeps the worst score of its pictures, and one without any has none."""

    looks: ClassVar[bool] = True
    decodes: ClassVar[bool] = False
    """True if its score needs more than a picture's header: all others cost next to nothing."""

    def measure_image(self, image: Facts) -> float | None:
        """The score of one picture; None where another check has to say what is wrong with it."""
        raise NotImplementedError

    def measure_row(self, images: Sequence[Facts], texts: Sequence[Any]) -> float | None:
        """The score of a row: its pictures, and its texts and conversations."""
        found = [score for image in images if (score := self.measure_image(image)) is not None]
        return (min if self.direction == "min" else max)(found, default=None)


def each(
    score: Callable[[str | None, str], float],
    sources: Sequence[str | None],
    targets: Sequence[str],
    rows: Sequence[int],
) -> Scores:
    """The scores of these rows one after the other, NaN for one that could not be computed, and why by row."""
    import numpy as np

    found, errors = np.full(len(rows), np.nan), dict[int, Exception]()
    for place, row in enumerate(rows):
        try:
            found[place] = score(sources[row], targets[row])
        except Exception as error:  # one bad row never stops a run
            errors[row] = error
    return found, errors
