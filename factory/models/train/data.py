"""Training rows on disk: tokenized once into the partial folder, memory-mapped, and found again when a run resumes."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from factory.arrays import Table, np
from factory.errors import FactoryError
from factory.step.job import Artifact, Job

PARALLEL_ROWS = 50_000  # below this, starting processes costs more than it saves
REASONS = 3  # that an error names


def load_rows(job: Job, reference: str, split: str | None = None) -> Any:
    """The rows of an input dataset.

    Raises:
        FactoryError: the split is not there, or has no rows.
    """
    artifact: Artifact = job.inputs[reference]
    name = split or artifact.split
    splits = artifact.dataset.splits
    if name not in splits:
        has = f"it has {', '.join(splits)}" if splits else "it has no data"
        raise FactoryError(f"{reference} has no split {name!r}", where=job.where, fix=has)
    if artifact.dataset.num_rows(name) == 0:
        raise FactoryError(f"{reference} has no rows", where=job.where, fix="look at the filters before this step")
    return artifact.dataset.load(name)


class Encodes(Protocol):
    """What makes training examples of rows.

    `read` takes a batch as an Arrow table and gives each row as `example` takes it, or the ValueError that it would
    raise; `example` gives the `columns` and `truncated`, or raises a ValueError that says why a row teaches nothing.
    `kept` are columns of the rows that stay beside the examples, each with the name that it has there.
    """

    columns: ClassVar[tuple[str, ...]]

    @property
    def kept(self) -> Mapping[str, str]: ...

    def read(self, table: Table, /) -> Iterator[Any]: ...
    def example(self, row: Any, /) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Examples:
    """A batch of rows -> the encoder's columns, truncated, and left_out: why a row teaches nothing, else empty."""

    encoder: Encodes

    def __call__(self, table: Table) -> dict[str, list[Any]]:
        found: list[Mapping[str, Any]] = []
        for row in self.encoder.read(table):
            try:
                if isinstance(row, ValueError):
                    raise row
                found.append({**self.encoder.example(row), "left_out": ""})
            except ValueError as error:
                found.append({"truncated": False, "left_out": str(error)})
        names = (*self.encoder.columns, "truncated", "left_out")
        return {name: [example.get(name, []) for example in found] for name in names}


def map_rows(job: Job, rows: Any, name: str, function: Callable[[Table], Any]) -> Any:
    """`function` over batches of all rows as Arrow tables, kept in ``job.out/tokenized``; old columns are dropped.

    Raises:
        FactoryError: nothing is left.
    """
    folder = job.out / "tokenized"
    folder.mkdir(parents=True, exist_ok=True)
    workers = None
    if len(rows) >= PARALLEL_ROWS:
        job.progress.log(f"  {job.name}: tokenizing {len(rows):,} rows")
        workers = min(job.profile.threads or os.cpu_count() or 1, 16)
    mapped = rows.with_format("arrow").map(
        function,
        batched=True,
        batch_size=256,
        remove_columns=rows.column_names,
        cache_file_name=str(folder / f"{name}.arrow"),
        new_fingerprint=name,
        num_proc=workers if workers and workers > 1 else None,
    )
    if len(mapped) == 0:
        raise nothing_left(job, len(rows), {})
    return mapped.with_format(None)


def encode_rows(job: Job, reference: str, rows: Any, eval_split: str | None, encoder: Encodes) -> tuple[Any, Any]:
    """(the encoded rows, those of `eval_split` or None).

    Rows that teach nothing are left out. The metrics say so: rows, rows_left_out ({reason: rows}), rows_truncated.

    Raises:
        FactoryError: nothing is left, or the split is not there.
    """
    encoded, left_out, cut = _encoded(job, rows, "train", encoder)
    job.metrics |= {"rows": len(rows), "rows_left_out": left_out, "rows_truncated": cut}
    if not eval_split:
        return encoded, None
    held_out, left_out, _ = _encoded(job, load_rows(job, reference, eval_split), "eval", encoder)
    job.metrics |= {"eval_rows_left_out": left_out} if left_out else {}
    return encoded, held_out


def _encoded(job: Job, rows: Any, name: str, encoder: Encodes) -> tuple[Any, dict[str, int], int]:
    """(the examples, why how many rows gave none, how many were cut)."""
    mapped = _beside(map_rows(job, rows, name, Examples(encoder)), rows, encoder.kept)
    why = mapped.data.column("left_out")
    counts = {entry["values"]: entry["counts"] for entry in why.value_counts().to_pylist()}
    cut, kept = count_true(mapped, "truncated"), counts.pop("", 0)
    left_out = dict(sorted(counts.items(), key=lambda entry: -entry[1]))
    if not kept:
        raise nothing_left(job, len(rows), left_out)
    if left_out:
        mapped = mapped.select(np.flatnonzero(why.to_numpy() == ""))
    return mapped.remove_columns(["truncated", "left_out"]), left_out, cut


def _beside(mapped: Any, rows: Any, kept: Mapping[str, str]) -> Any:
    """The examples with columns of their rows beside them: of the same files, nothing is copied."""
    if not kept:
        return mapped
    from datasets import concatenate_datasets

    return concatenate_datasets([mapped, rows.select_columns([*kept]).rename_columns(dict(kept))], axis=1)


def nothing_left(job: Job, rows: int, left_out: Mapping[str, int]) -> FactoryError:
    """The error for data of which no row teaches anything, with the reasons."""
    reasons = [f"{why} ({count:,})" for why, count in [*left_out.items()][:REASONS]]
    said = "; ".join([f"none of {rows:,} has a token to learn", *reasons])
    fix = "look at the filters before this step, at max_length, and at chat_template"
    return FactoryError(f"no row is left to train on: {said}", where=job.where, fix=fix)


def count_true(rows: Any, column: str) -> int:
    """True values of a column, counted without making Python objects of them."""
    return sum(batch.column(0).true_count for batch in rows.data.select([column]).to_batches())


def cache_options(folder: Path, name: str) -> dict[str, Any]:
    """Where `datasets` keeps the result of one more map over the same rows."""
    return {"cache_file_name": str(folder / f"{name}.arrow"), "new_fingerprint": name}
