"""Take out rows that hold texts of the benchmarks a model will be measured on."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from factory.arrays import Schema, Table, pa, pq
from factory.rows.contamination import Benchmarks
from factory.rows.near_images import KnownImages
from factory.rows.outcomes import Verdict, failed, rejected
from factory.rows.scoring import Scores, ScoreShard, ScoreStep
from factory.rows.step import input_shards
from factory.step.base import BenchmarkRef, Columns, Limit, as_list
from factory.step.job import Job
from factory.store import write_atomically
from factory.store.columns import NotText, column, plain, read_columns, require
from factory.store.kinds import has_pictures, picture_columns
from factory.text.words import texts_in

SCORE, BENCHMARK, WORDS = "score_contamination", "benchmark", "words"
IMAGE_SCORE, IMAGE_BENCHMARK = "score_image_contamination", "image_benchmark"
COUNTS = "benchmarks.json"


class Decontaminate(ScoreStep):
    """Rejects rows with word n-grams of a benchmark's texts (``decontaminate: oall-v2: …``).

    `against` names suites of the recipe's `evaluate` (whose questions, contexts, options and references are read,
    whatever they are read from), suites by their own name (``oall-v2``), or datasets, of which every text counts.
    Case, punctuation and Arabic spelling variants never count.

    ``score_contamination`` is the largest share of one benchmark text's n-grams that the row holds. With the default
    `max` of 0 one common 13-gram is enough, as in GPT-3 (arXiv 2005.14165, appendix C), where n is 13 at most and 8 at
    least for short texts; texts shorter than that are left out, and the manifest counts them. Tülu 3 (arXiv
    2411.15124, section 3.2) takes 8-grams and more than half of the text: ``ngram: 8, max: 0.5``. That n is the same
    for Arabic, whose words carry more, is assumed.

    Where rows have pictures and a benchmark does, ``score_image_contamination`` is the largest share of equal bits of
    the perceptual hashes of a row's picture and a benchmark's: some 0.5 for pictures that have nothing in common, 1
    for copies. Rows above `max_image` are rejected (``decontaminate: camel-bench: a picture``).
    """

    later: ClassVar[tuple[str, ...]] = ("max_image",)
    renamed: ClassVar[Mapping[str, str]] = {"on": "columns"}

    against: Annotated[list[BenchmarkRef], BeforeValidator(as_list, json_schema_input_type=str | list[str])] = Field(
        min_length=1, description="suites of `evaluate`, suites by name, or datasets"
    )
    columns: Columns | None = Field(None, description="columns to look into; default: every text of a row")
    ngram: int = Field(13, ge=3, le=50, description="words in an n-gram (13: GPT-3)")
    shortest: int = Field(8, ge=3, description="words of the shortest benchmark text that is looked for (8: GPT-3)")
    max: Annotated[float, Limit] = Field(
        0.0, ge=0, lt=1, description="largest share of a benchmark text that a kept row may hold"
    )
    max_image: Annotated[float, Limit] = Field(
        0.9, ge=0.5, lt=1, description="largest likeness to a benchmark's picture of a kept row's (0.9: as in `dedup`)"
    )
    split: str = Field("test", description="of datasets from the Hub that `against` names")
    keep_scores: Annotated[bool, Limit] = Field(
        True, description=f"kept rows have the column {SCORE}; rejected rows always do"
    )

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        require(self.columns or (), columns)
        if columns is None or not self.keep_scores or SCORE in columns:
            return columns
        return [*columns, SCORE]

    @contextmanager
    def scoring(self, job: Job) -> Iterator[ScoreShard]:
        known = Benchmarks(self._texts(job), self.ngram, self.shortest)
        images = self._images(job)
        counts: dict[str, Any] = {"against": self.against, "texts": known.indexed, "too_short": known.left_out}
        if images is not None:
            counts["images"] = images.count
        job.made.mkdir(parents=True, exist_ok=True)
        write_atomically(job.made / COUNTS, json.dumps(counts).encode())
        if images is None:
            yield lambda number, table, *_: self._scores(known, table)
        else:
            yield lambda number, table, *_: self._with_images(self._scores(known, table), images, table)

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        counts = job.metrics["benchmarks"] = json.loads((job.made / COUNTS).read_bytes())
        if short := counts["too_short"]:
            words = f"fewer than {min(self.shortest, self.ngram)} words"
            job.notes.append(f"decontaminate: {short:,} benchmark texts of {words} were not looked for")

    def _texts(self, job: Job) -> Iterator[tuple[str, str]]:
        for reference in self.against:
            for path in input_shards(job.inputs[reference]):
                table = read_columns(path, _without_pictures(pq.read_schema(path)))
                if table.column_names == ["benchmark", "text"]:  # of a suite
                    for name, text in zip(table["benchmark"].to_pylist(), table["text"].to_pylist(), strict=True):
                        if text is not None:  # of a row with a picture
                            yield (f"{reference}, {name}" if name != reference else reference), text
                else:
                    for name in table.column_names:
                        for value in plain(table[name]):
                            yield from ((reference, text) for text in texts_in(value))

    def _images(self, job: Job) -> KnownImages | None:
        """The pictures of the benchmarks; None where there are none, or none to compare with them."""
        if not picture_columns(job.input.dataset.schema(job.input.split)):
            return None
        shards = [(name, path) for name in self.against for path in input_shards(job.inputs[name])]
        if not any(picture_columns(pq.read_schema(path)) for _, path in shards):
            return None
        return KnownImages(shards)

    def _with_images(self, scores: Scores, known: KnownImages, table: Table) -> Scores:
        images = [
            name for name in self.columns or picture_columns(table.schema) if has_pictures(column(table, name).type)
        ]
        found = known.likeness(table, images)
        verdicts = {row: failed(self.verb, one) for row, one in enumerate(found) if isinstance(one, Exception)}
        seen = [(None, None) if one is None or isinstance(one, Exception) else one for one in found]
        columns = {
            IMAGE_SCORE: pa.array([likeness for likeness, _ in seen], pa.float64()),
            IMAGE_BENCHMARK: pa.array([name for _, name in seen], pa.string()),
        }
        return replace(scores, columns=scores.columns | columns, verdicts=verdicts | scores.verdicts)

    def _scores(self, known: Benchmarks, table: Table) -> Scores:
        wanted = [name for name in self.columns or table.column_names if not has_pictures(column(table, name).type)]
        columns = [plain(column(table, name)) for name in wanted]
        verdicts: dict[int, Verdict] = {}
        rows: list[list[str]] = []
        for row in range(table.num_rows):
            values = [values[row] for values in columns]
            if bad := next((value for value in values if isinstance(value, NotText)), None):
                verdicts[row] = failed(self.verb, bad.error)
            rows.append([] if row in verdicts else list(texts_in(values)))
        hits = known.hits(rows)
        return Scores(
            {
                SCORE: pa.array([hit.share if hit else 0.0 for hit in hits], pa.float64()),
                BENCHMARK: pa.array([hit and hit.benchmark for hit in hits], pa.string()),
                WORDS: pa.array([hit and hit.words for hit in hits], pa.string()),
            },
            verdicts,
        )

    def accepted(self, scores: Mapping[str, Any]) -> Verdict | None:
        share, likeness = scores[SCORE], scores.get(IMAGE_SCORE)
        if share <= self.max:
            if likeness is None or likeness <= self.max_image:
                return None
            return rejected(
                f"decontaminate: {scores[IMAGE_BENCHMARK]}: a picture", f"{likeness:.3f} > {self.max_image:g}"
            )
        name, _, part = scores[BENCHMARK].partition(", ")
        where = f"{part}, " if part else ""
        return rejected(f"decontaminate: {name}", f"{where}{share:.2f}: {scores[WORDS]}")

    def decided(self, table: Table, scores: Scores) -> Scores:
        found = super().decided(table, scores)
        shown = [name for name in (SCORE, IMAGE_SCORE) if name in found.columns]
        return replace(found, columns={name: found.columns[name].cast(pa.float32()) for name in shown})


def _without_pictures(schema: Schema) -> list[str]:
    return [field.name for field in schema if not has_pictures(field.type)]
