"""Make one dataset of several."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from factory.arrays import Schema, Table, pa, pq
from factory.errors import FactoryError
from factory.rows.sampling import Shuffle, draw
from factory.rows.step import input_shards
from factory.step.base import DatasetRef, Step
from factory.step.job import Artifact, Job
from factory.store import SHARD_BYTES, SHARD_ROWS, TRAIN, Ledger, RowCounts, read_shard, write_shard
from factory.store.kinds import as_kinds, is_json, picture_columns
from factory.store.shards import referenced_bytes, stored_bytes

BUCKETS = "shuffle"


@dataclass
class _Part:
    """One dataset of a mix: its shards, their numbers of rows, and how many rows are taken."""

    name: str
    shards: list[Path]
    sizes: list[int]
    schema: Schema
    take: int = -1

    def __post_init__(self) -> None:
        self.take = self.rows if self.take < 0 else self.take

    @property
    def rows(self) -> int:
        return sum(self.sizes)


class Mix(Step):
    """Rows of all `datasets`, shuffled.

    With `weights`, the shares of the datasets in the mix: it gets as large as it can with no row taken twice, so the
    dataset that is scarcest for its weight is used up and the others are sampled at random. Rows that are not drawn
    count as rejected (``mix: not drawn``) and are not stored. Without weights every row is taken.

    The datasets must have the same columns, unless `unshared: drop` drops those that are not in all. `source_column`
    adds which dataset a row came from, as the recipe names it.
    """

    produces: ClassVar[Literal["dataset", "model", "evaluation"]] = "dataset"
    starts: ClassVar[bool] = True

    renamed: ClassVar[Mapping[str, str]] = {"columns": "unshared"}

    datasets: list[DatasetRef] = Field(min_length=1)
    weights: list[float] | None = Field(None, description="one positive number per dataset")
    unshared: Literal["refuse", "drop"] = Field("refuse", description="columns that not all of the datasets have")
    source_column: str | None = None
    shuffle: bool = Field(True, description="false: one dataset after another")
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _check_lists(self) -> Self:
        if len(set(self.datasets)) < len(self.datasets):
            raise ValueError("a dataset is there twice; to repeat its rows is not the work of `mix`")
        if self.weights is not None:
            if len(self.weights) != len(self.datasets):
                raise ValueError(f"{len(self.weights)} weights for {len(self.datasets)} datasets")
            if min(self.weights) <= 0:
                raise ValueError("weights are above 0; leave out a dataset that is not wanted")
        return self

    def parameters(self) -> dict[str, Any]:
        """With `source_column` the names of the datasets are content, else only what they hold is."""
        named = {"datasets": self.datasets} if self.source_column else {}
        return {**super().parameters(), "columns": "common" if self.unshared == "drop" else "same", **named}

    @classmethod
    def in_new_shape(cls, old: str, value: Any) -> Any:
        return {"same": "refuse", "common": "drop"}.get(value, value) if isinstance(value, str) else value

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        return None

    def run(self, job: Job) -> None:
        """Fills ``job.rows``; ``job.metrics["mix"]`` has the rows taken from each dataset.

        Raises:
            FactoryError: columns differ, or the types of a column do.
        """
        parts = self._parts([job.inputs[name] for name in self.datasets])
        schema = self._schema(parts)
        kept, total = sum(part.take for part in parts), sum(part.rows for part in parts)
        with job.ledger() as ledger, job.progress.task(job.name, total=kept * (1 + self.shuffle)):
            done = {entry["unit"] for entry in ledger}
            if self.shuffle:
                self._shuffle(job, ledger, done, parts, schema, kept)
            else:
                for number, rows in enumerate(self._tables(parts, schema)):
                    self._write(job, ledger, done, number, rows)
        reasons = {"mix: not drawn": total - kept} if total > kept else {}
        counts = {"in": total, "kept": kept, "rejected": total - kept, "reasons": reasons}
        job.rows = RowCounts.model_validate(counts)
        job.metrics["mix"] = {part.name: part.take for part in parts}

    def _parts(self, inputs: list[Artifact]) -> list[_Part]:
        parts = []
        for name, artifact in zip(self.datasets, inputs, strict=True):
            shards = input_shards(artifact)
            sizes = [pq.read_metadata(path).num_rows for path in shards]
            parts.append(_Part(name, shards, sizes, artifact.dataset.schema(artifact.split)))
        if self.weights is not None:
            total = min(part.rows / weight for part, weight in zip(parts, self.weights, strict=True))
            for part, weight in zip(parts, self.weights, strict=True):
                part.take = min(round(total * weight), part.rows)
        return parts

    def _schema(self, parts: list[_Part]) -> Schema:
        """The columns of the mix, in the first dataset's order."""
        names = parts[0].schema.names
        for part in parts[1:]:
            if self.unshared == "drop":
                names = [name for name in names if name in part.schema.names]
            elif set(part.schema.names) != set(names):
                odd = sorted(set(part.schema.names) ^ set(names))
                raise FactoryError(
                    f"{parts[0].name} and {part.name} do not have the same columns: {', '.join(odd)}",
                    fix="bring them in line with `columns`, or mix with `unshared: drop`",
                )
        if not names:
            raise FactoryError(f"no column is in all of {', '.join(self.datasets)}")
        if self.source_column in names:
            raise FactoryError(f"there is a column {self.source_column!r} already", fix="take another `source_column`")
        fields = []
        for name in names:
            try:
                own = [part.schema.field(name) for part in parts]
                if any(is_json(field.type) for field in own):
                    fields.append(pa.field(name, pa.json_()))
                else:
                    alone = [pa.schema([field]) for field in own]
                    fields.append(pa.unify_schemas(alone, promote_options="permissive").field(0))
            except (pa.ArrowTypeError, pa.ArrowInvalid):
                kinds = ", ".join(f"{part.schema.field(name).type} in {part.name}" for part in parts)
                raise FactoryError(f"column {name!r} is {kinds}", fix="bring them in line with `columns`") from None
        if self.source_column:
            fields.append(pa.field(self.source_column, pa.string()))
        return pa.schema(fields, metadata=parts[0].schema.metadata)

    def _tables(self, parts: list[_Part], schema: Schema) -> Iterator[Any]:
        """For every shard of every dataset a function that reads the rows drawn from it."""
        for number, part in enumerate(parts):
            seed = self.seed + number  # or equally large datasets would be drawn from in step
            drawn = draw(part.sizes, part.take, seed) if part.take < part.rows else [None] * len(part.sizes)
            for path, rows in zip(part.shards, drawn, strict=True):
                yield partial(self._read, part.name, path, rows, schema)

    def _read(self, name: str, path: Path, rows: Any, schema: Schema) -> Table:
        names = [column for column in schema.names if column != self.source_column]
        table = read_shard(path, names).select(names)
        if rows is not None:
            table = table.take(pa.array(rows))
        if self.source_column:
            table = table.append_column(self.source_column, pa.repeat(name, table.num_rows))
        table = as_kinds(table, dict(zip(schema.names, schema.types, strict=True)))
        return table.replace_schema_metadata(schema.metadata).cast(schema)

    def _shuffle(
        self, job: Job, ledger: Ledger, done: set[Any], parts: list[_Part], schema: Schema, total: int
    ) -> None:
        shuffle = Shuffle(job.out / BUCKETS, total, self._rows_of_a_shard(parts, schema), self.seed)
        if "scattered" not in done:
            shuffle.clear()
            for number, rows in enumerate(self._tables(parts, schema)):
                table = rows()
                shuffle.add(number, table)
                job.progress.advance(table.num_rows)
            shuffle.finish()
            ledger.append({"unit": "scattered"})
        for number in range(shuffle.buckets):
            self._write(job, ledger, done, number, partial(shuffle.bucket, number, schema))
        shutil.rmtree(job.out / BUCKETS, ignore_errors=True)

    def _rows_of_a_shard(self, parts: list[_Part], schema: Schema) -> int:
        """Pictures are large: fewer rows of them fit in memory."""
        if not picture_columns(schema):
            return SHARD_ROWS
        size = sum(
            stored_bytes(pq.read_metadata(path)) + referenced_bytes(path) for part in parts for path in part.shards
        )
        rows = sum(part.rows for part in parts)
        return max(1, min(SHARD_ROWS, SHARD_BYTES * rows // max(size, 1)))

    def _write(self, job: Job, ledger: Ledger, done: set[Any], number: int, rows: Any) -> None:
        if number in done:
            return
        table = rows()
        write_shard(job.out / "data" / f"{TRAIN}-{number:05d}.parquet", table)
        ledger.append({"unit": number, "rows": table.num_rows})
        job.progress.advance(table.num_rows)
