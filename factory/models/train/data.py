"""Training rows on disk: tokenized once into the partial folder, memory-mapped, and found again when a run resumes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.errors import FactoryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from factory.step.job import Artifact, Job

PARALLEL_ROWS = 50_000  # below this, starting processes costs more than it saves


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


def map_rows(job: Job, rows: Any, name: str, function: Callable[..., Any]) -> Any:
    """`function` (batched, with indices) over all rows, kept in ``job.out/tokenized``; old columns are dropped.

    Raises:
        FactoryError: nothing is left.
    """
    folder = job.out / "tokenized"
    folder.mkdir(parents=True, exist_ok=True)
    workers = None
    if len(rows) >= PARALLEL_ROWS:
        job.progress.log(f"  {job.name}: tokenizing {len(rows):,} rows")
        workers = min(job.profile.threads or _cpus(), 16)
    mapped = rows.map(
        function,
        batched=True,
        batch_size=256,
        with_indices=True,
        remove_columns=rows.column_names,
        cache_file_name=str(folder / f"{name}.arrow"),
        new_fingerprint=name,
        num_proc=workers if workers and workers > 1 else None,
    )
    if len(mapped) == 0:
        raise FactoryError(
            f"no row is left to train on: none of {len(rows):,} has a token to learn",
            where=job.where,
            fix="look at the filters before this step, and at max_length",
        )
    return mapped


def encode_rows(
    job: Job, reference: str, rows: Any, eval_split: str | None, encoder: Callable[..., Any]
) -> tuple[Any, Any]:
    """(the encoded rows, those of `eval_split` or None), both without the encoder's column `truncated`.

    What was left out and what was cut goes into the metrics: rows, rows_without_loss, rows_truncated.

    Raises:
        FactoryError: nothing is left, or the split is not there.
    """
    encoded = map_rows(job, rows, "train", encoder)
    job.metrics |= {
        "rows": len(rows),
        "rows_without_loss": len(rows) - len(encoded),
        "rows_truncated": count_true(encoded, "truncated"),
    }
    held_out = None
    if eval_split:
        held_out = map_rows(job, load_rows(job, reference, eval_split), "eval", encoder).remove_columns("truncated")
    return encoded.remove_columns("truncated"), held_out


def count_true(rows: Any, column: str) -> int:
    """True values of a column, counted without making Python objects of them."""
    return sum(batch.column(0).true_count for batch in rows.data.select([column]).to_batches())


def cache_options(folder: Path, name: str) -> dict[str, Any]:
    """Where `datasets` keeps the result of one more map over the same rows."""
    return {"cache_file_name": str(folder / f"{name}.arrow"), "new_fingerprint": name}


def _cpus() -> int:
    import os

    return os.cpu_count() or 1
