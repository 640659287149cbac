"""Where artifacts begin: the Hub, local files, the demo world. Each is a node of the graph like any step.

Sources are steps without a place in the recipe's `steps`: the graph makes them from `from`, `split` and references.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from factory.errors import FactoryError, first_line
from factory.refs import HubRef, SplitSlice
from factory.rows.formats import KINDS, Piece, format_of
from factory.rows.hub import HubRows
from factory.rows.reading import Files
from factory.rows.tables import Kinds, Rewind, align, in_shards, part, tables
from factory.step.base import Source
from factory.store import SHARD_ROWS, TRAIN, Dataset, RowCounts, file_digest, write_shard

if TYPE_CHECKING:
    import pyarrow as pa

    from factory.step.job import Job

CELLS = {"cells": "text"}
FORESEEN_ROWS = 1_000
MODEL_FILES = ["*.json", "*.safetensors", "*.jinja", "*.txt", "tokenizer.model", "*.tiktoken"]


class HubDataset(Source):
    """One split (or a range of its rows) of a Hub dataset at a commit, streamed into Parquet shards."""

    produces: ClassVar[Literal["dataset", "model"]] = "dataset"

    repo: str
    config: str | None = None
    revision: str
    split: str = "train"
    data_files: str | None = None

    def run(self, job: Job) -> None:
        wanted, kinds = SplitSlice.parse(self.split), Kinds()
        rows = HubRows(HubRef(self.repo, self.config, self.revision), wanted.name, self.data_files)

        def read(skip: int) -> Iterator[pa.Table]:
            if rows.is_streamed:
                return tables(rows.pieces(SHARD_ROWS, skip), kinds)
            return part(tables(rows.pieces(SHARD_ROWS), kinds), skip, None)

        write_rows(job, read, wanted, self.repo, kinds)

    def parameters(self) -> dict[str, Any]:
        """Where cells of csv and tsv files are text, which they were not always."""
        return super().parameters() | (CELLS if _are_cells(self.data_files or "") else {})


class LocalDataset(Source):
    """Rows of a local file, of a folder of files of one kind, or of one written by `Dataset.save_to_disk`.

    `digest` is the SHA-256 of the content, so that an edited file makes a new artifact.
    """

    produces: ClassVar[Literal["dataset", "model"]] = "dataset"

    path: str
    digest: str
    split: str = "train"
    column_names: list[str] | None = None
    delimiter: str | None = None

    def parameters(self) -> dict[str, Any]:
        """Where cells of csv and tsv files are text, which they were not always."""
        found = {"digest": self.digest, "split": self.split, "column_names": self.column_names}
        found |= {"delimiter": self.delimiter} if self.delimiter else {}
        return found | (CELLS if self.files().are_cells else {})

    def files(self) -> Files:
        return Files(Path(self.path), SplitSlice.parse(self.split).name, self.column_names, self.delimiter)

    def run(self, job: Job) -> None:
        wanted, kinds = SplitSlice.parse(self.split), Kinds()
        write_rows(
            job,
            lambda skip: part(tables(self.files().pieces(SHARD_ROWS), kinds), skip, wanted.stop),
            SplitSlice(TRAIN, wanted.start, wanted.stop),
            self.path,
            kinds,
        )

    def foreseen(self) -> list[str]:
        """What a load will say of the first rows: values of several kinds, or a row that cannot be read."""
        kinds = Kinds()
        try:
            next(tables(self.files().pieces(FORESEEN_ROWS), kinds), None)
        except FactoryError as error:
            return [str(error)]
        return [*kinds.notes.values()]


class DemoDataset(Source):
    """Rows of a generator of the demo world."""

    produces: ClassVar[Literal["dataset", "model"]] = "dataset"

    demo: str
    rows: int
    seed: int

    def run(self, job: Job) -> None:
        from factory.demo.corpora import iter_rows

        def read(skip: int) -> Iterator[pa.Table]:
            rows = iter_rows(self.demo, self.rows, self.seed)
            return part(tables(_pieces(self.demo, rows), kinds), skip, None)

        kinds = Kinds()
        write_rows(job, read, SplitSlice(TRAIN), self.demo, kinds)


class HubModel(Source):
    """A model's weights (safetensors only), configuration and tokenizer at a commit."""

    produces: ClassVar[Literal["dataset", "model"]] = "model"

    repo: str
    revision: str

    def run(self, job: Job) -> None:
        from huggingface_hub import snapshot_download

        from factory.hub.client import hub_errors

        target = job.out / "model"
        with hub_errors(self.repo, kind="model"), job.progress.task(f"fetch {self.repo}", unit="files"):
            snapshot_download(self.repo, revision=self.revision, local_dir=target, allow_patterns=MODEL_FILES)
        if not any(target.glob("*.safetensors")):
            raise FactoryError(
                "the repo has no .safetensors weights", where=self.repo, fix="only safetensors are loaded: convert it"
            )


class LocalModel(Source):
    """A model folder on this machine; `digest` covers its files."""

    produces: ClassVar[Literal["dataset", "model"]] = "model"

    path: str
    digest: str

    def parameters(self) -> dict[str, Any]:
        return {"digest": self.digest}

    def run(self, job: Job) -> None:
        import shutil

        shutil.copytree(self.path, job.out / "model", dirs_exist_ok=True)


def local_dataset(
    path: Path, split: str, column_names: list[str] | None = None, delimiter: str | None = None
) -> LocalDataset:
    return LocalDataset(
        path=str(path), digest=file_digest(path), split=split, column_names=column_names, delimiter=delimiter
    )


def local_model(path: Path) -> LocalModel:
    return LocalModel(path=str(path), digest=file_digest(path))


def write_rows(
    job: Job, read: Callable[[int], Iterable[pa.Table]], wanted: SplitSlice, name: str, kinds: Kinds
) -> None:
    """Write the rows ``wanted.start:wanted.stop`` into shards, resuming after the last finished one.

    `read` gives the rows from a number on. Columns get the types that hold all of their values, as `kinds` finds out.

    Raises:
        FactoryError: there are no rows, or one that cannot be stored.
    """
    shards = Dataset(job.out).shards
    for path in shards(wanted.name):  # of an interrupted run
        kinds.begin_with(path)
    while True:
        try:
            done = _write(job, read, wanted, name)
            break
        except Rewind:
            for path in [*shards(wanted.name), job.out / "ledger.jsonl"]:
                path.unlink()
    if done == 0:
        raise FactoryError("the dataset has no rows", where=name, fix="check `split` and `data_files`")
    align(shards(wanted.name))
    job.notes += kinds.notes.values()
    job.rows = RowCounts.model_validate({"in": done, "kept": done})


def _write(job: Job, read: Callable[[int], Iterable[pa.Table]], wanted: SplitSlice, name: str) -> int:
    """The number of rows written, now and before."""
    import pyarrow as pa

    with job.ledger() as ledger:
        done = sum(entry["rows"] for entry in ledger)
        shard = sum(1 for _ in ledger)
        left = None if wanted.stop is None else max(0, wanted.stop - wanted.start - done)
        with job.progress.task(f"load {name}", total=left) as progress:
            found = part(read(wanted.start + done), 0, left) if left != 0 else ()
            for table in in_shards(found, SHARD_ROWS):
                try:
                    write_shard(job.out / "data" / f"{wanted.name}-{shard:05d}.parquet", table)
                except pa.ArrowNotImplementedError as error:
                    raise FactoryError(first_line(error), where=name, fix="leave this column out") from error
                ledger.append({"shard": shard, "rows": table.num_rows})
                shard, done = shard + 1, done + table.num_rows
                progress.advance(table.num_rows)
    return done


def _are_cells(name: str) -> bool:
    return KINDS.get(format_of(name) or "") == "separated"


def _pieces(name: str, rows: Iterator[dict[str, Any]]) -> Iterator[Piece]:
    while chunk := list(islice(rows, SHARD_ROWS)):
        yield Piece(name, chunk, range(len(chunk)))
