"""Where artifacts begin: the Hub, local files, the demo world. Each is a node of the graph like any step.

Sources are steps without a place in the recipe's `steps`: the graph makes them from `from`, `split` and references.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from glob import escape
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from factory.arrays import Table, pa
from factory.engines import ENDPOINT_FILE
from factory.engines.weights import INDEX, model_files, needed_weights, weight_files
from factory.errors import FactoryError, first_line
from factory.models.models import read_config
from factory.models.outline import SMALL_FILES, TEMPLATES, TOKENIZER, read_outline
from factory.refs import HubRef, SplitSlice
from factory.rows.formats import KINDS, Piece, format_of
from factory.rows.hub import HubRows
from factory.rows.reading import Files
from factory.rows.tables import Kinds, Rewind, align, in_shards, part, tables
from factory.step.base import Source
from factory.step.outline import Outline
from factory.store import SHARD_ROWS, TRAIN, Dataset, RowCounts, canonical, file_digest, write_atomically, write_shard

if TYPE_CHECKING:
    from factory.step.job import Job

CELLS = {"cells": "text"}
FORESEEN_ROWS = 1_000
SMALL_BYTES = 4_000_000  # a tokenizer that a plan may fetch
UNKNOWN = "unresolved"  # what an endpoint's answers state, before the first one


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

        def read(skip: int) -> Iterator[Table]:
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

        def read(skip: int) -> Iterator[Table]:
            rows = iter_rows(self.demo, self.rows, self.seed)
            return part(tables(_pieces(self.demo, rows), kinds), skip, None)

        kinds = Kinds()
        write_rows(job, read, SplitSlice(TRAIN), self.demo, kinds)


class HubModel(Source):
    """A model's weights (safetensors only), configuration and tokenizer at a commit; `code`: its own modules too."""

    produces: ClassVar[Literal["dataset", "model"]] = "model"

    repo: str
    revision: str
    code: bool = False

    def parameters(self) -> dict[str, Any]:
        return super().parameters() if self.code else {"repo": self.repo, "revision": self.revision}

    def outline(self, timeout: float) -> Outline:
        """By the small files of the repo, which stay in the cache of the Hub's client.

        Raises:
            FactoryError: there is no model in the repo, or the Hub does not answer in `timeout` seconds.
        """
        from huggingface_hub import hf_hub_download, snapshot_download

        from factory.hub.client import api, hub_errors, no_bars

        with hub_errors(self.repo, kind="model"), no_bars():
            info = api().model_info(self.repo, revision=self.revision, files_metadata=True, timeout=timeout)
            sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
            index = None
            if INDEX in sizes:
                index = Path(hf_hub_download(self.repo, INDEX, revision=self.revision)).read_bytes()
            _of_model([*sizes], index, self.repo, self.code)
            small = sizes.get(TOKENIZER, 0) <= SMALL_BYTES
            wanted = [*SMALL_FILES, *TEMPLATES, *([TOKENIZER] if small else [])]
            return read_outline(Path(snapshot_download(self.repo, revision=self.revision, allow_patterns=wanted)))

    def run(self, job: Job) -> None:
        from huggingface_hub import hf_hub_download, snapshot_download

        from factory.hub.client import api, hub_errors

        target = job.out / "model"
        with hub_errors(self.repo, kind="model"), job.progress.task(f"fetch {self.repo}", unit="files"):
            names = api().list_repo_files(self.repo, revision=self.revision)
            index = None
            if INDEX in names:
                index = Path(hf_hub_download(self.repo, INDEX, revision=self.revision, local_dir=target)).read_bytes()
            wanted = [escape(name) for name in _of_model(names, index, self.repo, self.code)]
            snapshot_download(self.repo, revision=self.revision, local_dir=target, allow_patterns=wanted)
        shutil.rmtree(target / ".cache", ignore_errors=True)  # how far the download was
        if weight_files(target):  # an encoder in modules may have its weights further down
            needed_weights(target, self.repo)


class LocalModel(Source):
    """A model folder on this machine; `digest` covers its files."""

    produces: ClassVar[Literal["dataset", "model"]] = "model"

    path: str
    digest: str

    def parameters(self) -> dict[str, Any]:
        return {"digest": self.digest}

    def outline(self) -> Outline:
        """
        Raises:
            FactoryError: there is no model in the folder, or not the whole of it.
        """
        self._names()
        needed_weights(Path(self.path))
        return read_outline(Path(self.path))

    def run(self, job: Job) -> None:
        source, target = Path(self.path), job.out / "model"
        for name in self._names():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)
        needed_weights(target, self.path)

    def _names(self) -> list[str]:
        source = Path(self.path)
        names = [path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()]
        index = (source / INDEX).read_bytes() if INDEX in names else None
        code = "config.json" in names and "auto_map" in read_config(source, self.path)
        return _of_model(names, index, self.path, code)


class AnsweringModel(Source):
    """A model behind an endpoint. Its name there is its identity, and the name that its answers state.

    What the recipe calls the endpoint, and its address, may change: the model stays the same.
    """

    produces: ClassVar[Literal["dataset", "model"]] = "model"

    endpoint: str
    model: str
    answers_as: str

    def parameters(self) -> dict[str, Any]:
        return {"model": self.model, "answers_as": self.answers_as}

    def run(self, job: Job) -> None:
        (job.out / "model").mkdir(exist_ok=True)
        write_atomically(job.out / "model" / ENDPOINT_FILE, canonical(self.parameters()).encode())
        job.notes.append(f"{self.model} answers as {self.answers_as}")


def local_dataset(
    path: Path, split: str, column_names: list[str] | None = None, delimiter: str | None = None
) -> LocalDataset:
    return LocalDataset(
        path=str(path), digest=file_digest(path), split=split, column_names=column_names, delimiter=delimiter
    )


def local_model(path: Path) -> LocalModel:
    return LocalModel(path=str(path), digest=file_digest(path))


def _of_model(names: list[str], index: bytes | None, where: str, code: bool) -> list[str]:
    try:
        found = model_files(names, index, code)
        if missing := [name for name in found if name not in names]:
            raise FactoryError(
                f"the index names {missing[0]}, which is not there", fix="take a whole copy of the model"
            )
        return found
    except ValueError as error:
        raise FactoryError(f"{INDEX} cannot be read: {error}", where=where) from None
    except FactoryError as error:
        error.where = where
        raise


def write_rows(job: Job, read: Callable[[int], Iterable[Table]], wanted: SplitSlice, name: str, kinds: Kinds) -> None:
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


def _write(job: Job, read: Callable[[int], Iterable[Table]], wanted: SplitSlice, name: str) -> int:
    """The number of rows written, now and before."""
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
