"""Where artifacts begin: the Hub, local files, the demo world. Each is a node of the graph like any step.

Sources are steps without a place in the recipe's `steps`: the graph makes them from `from`, `split` and references.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from factory.errors import FactoryError
from factory.refs import SplitSlice
from factory.step.base import Source
from factory.store import SHARD_ROWS, RowCounts, file_digest, write_shard

if TYPE_CHECKING:
    from factory.step.job import Job

MODEL_FILES = ["*.json", "*.safetensors", "*.jinja", "*.txt", "tokenizer.model", "*.tiktoken"]
LOCAL_FORMATS = {
    ".jsonl": "json",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".txt": "text",
}


class HubDataset(Source):
    """One split (or a range of its rows) of a Hub dataset at a commit, streamed into Parquet shards."""

    produces: ClassVar[Literal["dataset", "model"]] = "dataset"

    repo: str
    config: str | None = None
    revision: str
    split: str = "train"
    data_files: str | None = None

    def run(self, job: Job) -> None:
        import datasets

        from factory.hub.client import hub_errors

        wanted = SplitSlice.parse(self.split)
        with hub_errors(self.repo, kind="dataset"):
            stream = datasets.load_dataset(
                self.repo,
                self.config,
                split=wanted.name,
                revision=self.revision,
                data_files=self.data_files,
                streaming=True,
            )
            write_rows(job, stream, wanted, name=self.repo)


class LocalDataset(Source):
    """Rows of local files: jsonl, json, csv, tsv, parquet, txt, or a folder written by `Dataset.save_to_disk`.

    `digest` is the SHA-256 of the content, so that an edited file makes a new artifact.
    """

    produces: ClassVar[Literal["dataset", "model"]] = "dataset"

    path: str
    digest: str
    split: str = "train"
    column_names: list[str] | None = None

    def parameters(self) -> dict[str, Any]:
        return {"digest": self.digest, "split": self.split, "column_names": self.column_names}

    def run(self, job: Job) -> None:
        import datasets
        from datasets.exceptions import DatasetGenerationError

        path, wanted = Path(self.path), SplitSlice.parse(self.split)
        try:
            if (path / "state.json").exists() or (path / "dataset_dict.json").exists():
                loaded: Any = datasets.load_from_disk(str(path))
                rows = loaded[wanted.name] if isinstance(loaded, dict) else loaded
            else:
                rows = datasets.load_dataset(**self._loader(path), split="train", streaming=True)  # type: ignore[misc]
                wanted = SplitSlice("train", wanted.start, wanted.stop)
            write_rows(job, rows, wanted, name=self.path)
        except StopIteration:  # what `datasets` raises when it looks at an empty file
            raise _no_rows(self.path) from None
        except (DatasetGenerationError, ValueError, KeyError, OSError) as error:
            cause = error.__cause__ or error
            raise FactoryError(f"cannot read: {str(cause).splitlines()[0]}", where=self.path) from error

    def _loader(self, path: Path) -> dict[str, Any]:
        files = sorted(p for p in path.iterdir() if p.suffix in LOCAL_FORMATS) if path.is_dir() else [path]
        formats = {LOCAL_FORMATS.get(p.suffix) for p in files}
        if len(formats) != 1 or None in formats:
            found = ", ".join(sorted({p.suffix for p in files})) or "nothing"
            fix = f"one of {', '.join(LOCAL_FORMATS)}"
            raise FactoryError(f"found {found}; expected files of one kind", where=str(path), fix=fix)
        options: dict[str, Any] = {}
        if files[0].suffix == ".tsv":  # a quotation mark in a tsv file is a character like any other
            options = {"sep": "\t", "quoting": csv.QUOTE_NONE}
        if self.column_names is not None:
            options["names"] = self.column_names
        return {"path": formats.pop(), "data_files": [str(p) for p in files], **options}


class DemoDataset(Source):
    """Rows of a generator of the demo world."""

    produces: ClassVar[Literal["dataset", "model"]] = "dataset"

    demo: str
    rows: int
    seed: int

    def run(self, job: Job) -> None:
        from factory.demo.corpora import iter_rows

        write_rows(job, iter_rows(self.demo, self.rows, self.seed), SplitSlice("train"), name=self.demo)


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


def local_dataset(path: Path, split: str, column_names: list[str] | None = None) -> LocalDataset:
    return LocalDataset(path=str(path), digest=file_digest(path), split=split, column_names=column_names)


def local_model(path: Path) -> LocalModel:
    return LocalModel(path=str(path), digest=file_digest(path))


def write_rows(job: Job, rows: Any, wanted: SplitSlice, name: str) -> None:
    """Write the rows ``wanted.start:wanted.stop`` into shards, resuming after the last finished one.

    Raises:
        FactoryError: there are no rows.
    """
    import pyarrow as pa

    with job.ledger() as ledger:
        done = sum(entry["rows"] for entry in ledger)
        shard = sum(1 for _ in ledger)
        features = getattr(rows, "features", None)
        schema = features.arrow_schema if features else _schema_so_far(job, wanted.name) if shard else None
        skip = wanted.start + done
        left = None if wanted.stop is None else max(0, wanted.stop - skip)
        iterator = _after(rows, skip)
        with job.progress.task(f"load {name}", total=left) as progress:
            while left is None or left > 0:
                chunk = _take(iterator, SHARD_ROWS if left is None else min(SHARD_ROWS, left))
                if not chunk:
                    break
                table = pa.Table.from_pylist(chunk, schema=schema)
                schema = table.schema
                write_shard(job.out / "data" / f"{wanted.name}-{shard:05d}.parquet", table)
                ledger.append({"shard": shard, "rows": len(chunk)})
                shard, done = shard + 1, done + len(chunk)
                left = None if left is None else left - len(chunk)
                progress.advance(len(chunk))
    if done == 0:
        raise _no_rows(name)
    job.rows = RowCounts.model_validate({"in": done, "kept": done})


def _no_rows(name: str) -> FactoryError:
    return FactoryError("the dataset has no rows", where=name, fix="check `split` and `data_files`")


def _schema_so_far(job: Job, split: str) -> Any:
    from factory.store import Dataset

    return Dataset(job.out).schema(split)


def _after(rows: Any, skip: int) -> Iterator[dict[str, Any]]:
    if hasattr(rows, "skip"):
        return iter(rows.skip(skip))
    iterator = iter(rows)
    for _ in range(skip):
        next(iterator, None)
    return iterator


def _take(iterator: Iterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    from itertools import islice

    return list(islice(iterator, count))
