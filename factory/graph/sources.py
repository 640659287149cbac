"""Where datasets begin: the Hub, local files, the demo world. Each is a node of the graph like any step.

Sources are steps without a place in the recipe's `steps`: the graph makes them from `from`, `split` and references.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from factory.arrays import Table, pa
from factory.errors import FactoryError, first_line
from factory.refs import HubRef, SplitSlice
from factory.rows.formats import KINDS, Piece, format_of
from factory.rows.hub import HubRows
from factory.rows.outcomes import ShardResult, write_result
from factory.rows.picture_parts import may_name_pictures
from factory.rows.reading import Files
from factory.rows.tables import Kinds, Rewind, align, in_shards, part, placed, tables
from factory.step.base import Source
from factory.step.surroundings import seldom_collected
from factory.store import (
    SHARD_ROWS,
    TRAIN,
    Dataset,
    RowCounts,
    file_digest,
    fingerprint,
    write_shard,
)
from factory.store.kinds import is_json, is_list, packable, picture_columns
from factory.store.packs import unreferenced
from factory.store.writing import PACKS

if TYPE_CHECKING:
    from factory.rows.pictures import References
    from factory.step.job import Job

CELLS = {"cells": "text"}
FORESEEN_ROWS = 1_000


class HubDataset(Source):
    """One split (or a range of its rows) of a Hub dataset at a commit, streamed into Parquet shards."""

    later: ClassVar[tuple[str, ...]] = ("images", "image_hosts")
    produces: ClassVar[Literal["dataset", "model"]] = "dataset"

    repo: str
    config: str | None = None
    revision: str
    split: str = "train"
    data_files: str | None = None
    images: tuple[str, ...] = ()
    image_hosts: tuple[str, ...] = ()

    def run(self, job: Job) -> None:
        wanted, kinds = SplitSlice.parse(self.split), Kinds()
        rows = HubRows(HubRef(self.repo, self.config, self.revision), wanted.name, self.data_files)

        def read(skip: int) -> Iterator[Table]:
            streamed = rows.is_streamed
            pieces = rows.pieces(SHARD_ROWS, skip if streamed else 0)
            return self._loaded(pieces, kinds, 0 if streamed else skip, skip if streamed else 0)

        write_rows(job, read, wanted, self.repo, kinds)

    def _loaded(self, pieces: Iterable[Piece], kinds: Kinds, skip: int, first: int) -> Iterator[Table]:
        def references() -> References:
            from factory.rows.pictures import InRepo, References

            return References(InRepo(self.repo, self.revision), self.images, self.image_hosts)

        return loaded(placed(pieces, kinds), self.images, references, skip, None, first)

    def parameters(self) -> dict[str, Any]:
        """Where cells of csv and tsv files are text, which they were not always; where pictures are, if anywhere."""
        return super().parameters() | (CELLS if _are_cells(self.data_files or "") else {})


class LocalDataset(Source):
    """Rows of a local file, of a folder of files of one kind, or of one written by `Dataset.save_to_disk`.

    `digest` is the SHA-256 of the content, so that an edited file makes a new artifact.
    """

    later: ClassVar[tuple[str, ...]] = ("delimiter", "images", "image_hosts")
    produces: ClassVar[Literal["dataset", "model"]] = "dataset"

    path: str
    digest: str
    split: str = "train"
    column_names: list[str] | None = None
    delimiter: str | None = None
    images: tuple[str, ...] = ()
    image_hosts: tuple[str, ...] = ()

    def parameters(self) -> dict[str, Any]:
        """Where cells are text, and the files of other splits left out, which were not always; where pictures are."""
        found, files = super().parameters(), self.files()
        del found["path"]
        found |= CELLS if files.are_cells else {}
        found |= {"files": "of the split"} if files.are_of_a_split else {}
        return found | ({"images": "imagefolder"} if files.of_pictures else {})

    def files(self) -> Files:
        return Files(Path(self.path), SplitSlice.parse(self.split).name, self.column_names, self.delimiter)

    def run(self, job: Job) -> None:
        wanted, kinds, images = SplitSlice.parse(self.split), Kinds(), self._images()

        def read(skip: int) -> Iterator[Table]:
            found = placed(self.files().pieces(SHARD_ROWS), kinds)
            return loaded(found, images, self._references, skip, wanted.stop)

        write_rows(job, read, SplitSlice(TRAIN, wanted.start, wanted.stop), self.path, kinds)

    def _references(self) -> References:
        from factory.rows.pictures import Local, References

        root = Path(self.path)
        return References(Local(root if root.is_dir() else root.parent), self._images(), self.image_hosts)

    def _images(self) -> Sequence[str]:
        """The columns that are references to pictures."""
        folder = self.files().of_pictures
        return self.images or (folder.columns if folder else ())

    def foreseen(self) -> list[str]:
        """What a load will say of the first rows: values of several kinds, pictures that will fail.

        Raises:
            FactoryError: they cannot be loaded.
        """
        kinds, failing = Kinds(), []
        first = next(placed(self.files().pieces(FORESEEN_ROWS), kinds), None)
        if first is not None and (self._images() or any(map(may_name_pictures, first[1].columns))):
            counts = self._references().foreseen(first[1], first[0]).items()
            failing = [f"{count:,} of the first {first[1].num_rows:,} rows will fail: {why}" for why, count in counts]
        return [*kinds.notes.values(), *failing]

    def columns(self) -> list[str] | None:
        """The columns that the rows will have; None where not all are told by a look at the first rows.

        Raises:
            FactoryError: as `foreseen`.
        """
        files = self.files()
        if files.of_pictures is not None or len(files.paths) > 1:
            return None
        pieces = iter(files.pieces(FORESEEN_ROWS))
        first = next(tables(islice(pieces, 1)), None)
        if first is None or any(map(may_name_pictures, first.columns)):
            return None
        later = files.are_lines and next(pieces, None) is not None  # may bring further columns
        return None if later else first.column_names


class DemoDataset(Source):
    """Rows of a generator of the demo world."""

    produces: ClassVar[Literal["dataset", "model"]] = "dataset"

    demo: str
    rows: int
    seed: int

    def run(self, job: Job) -> None:
        from factory.demo.catalogue import iter_rows

        def references() -> References:
            from factory.rows.pictures import Local, References

            return References(Local(Path(self.demo)), (), ())  # pictures are in the rows: nothing is opened

        def read(skip: int) -> Iterator[Table]:
            rows = iter_rows(self.demo, self.rows, self.seed)
            return loaded(placed(_pieces(self.demo, rows), kinds), (), references, skip, None)

        kinds = Kinds()
        write_rows(job, read, SplitSlice(TRAIN), self.demo, kinds)


def local_dataset(
    path: Path,
    split: str,
    column_names: list[str] | None = None,
    delimiter: str | None = None,
    images: Sequence[str] = (),
    image_hosts: Sequence[str] = (),
) -> LocalDataset:
    """The rows of a file or folder; the pictures beside a file whose rows name some are part of its content.

    Raises:
        UsageError: there are no files with rows, or of several kinds, or none of this split.
    """
    _ = Files(path, SplitSlice.parse(split).name, column_names, delimiter).paths
    digest = file_digest(path)
    if images and path.is_file():
        from factory.rows.imagefolder import is_picture

        beside = sorted(file for file in path.parent.rglob("*") if file.is_file() and is_picture(file))
        digest = fingerprint({"rows": digest} | {str(f.relative_to(path.parent)): file_digest(f) for f in beside})
    return LocalDataset(
        path=str(path),
        digest=digest,
        split=split,
        column_names=column_names,
        delimiter=delimiter,
        images=tuple(images),
        image_hosts=tuple(image_hosts),
    )


def loaded(
    found: Iterable[tuple[str, Table]],
    images: Sequence[str],
    references: Callable[[], References],
    start: int,
    stop: int | None,
    first: int = 0,
) -> Iterator[Table]:
    """The rows ``start:stop`` of tables and the files they are from, with the pictures that they name.

    `images` are the columns that are declared to be pictures. `first` is the number of the first row.
    """
    reader: References | None = None
    seen = 0
    for file, table in found:
        for rows in part([table], max(start - seen, 0), None if stop is None else stop - seen):
            lists = (column for column in rows.columns if is_list(column.type) or is_json(column.type))
            if not images and not picture_columns(rows.schema) and not any(map(may_name_pictures, lists)):
                yield rows
                continue
            reader = reader or references()
            yield from reader.loaded(rows, file, first + max(start, seen))
        seen += table.num_rows
        if stop is not None and seen >= stop:
            return


@seldom_collected()
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
            rows = _write(job, read, wanted, name)
            break
        except Rewind:
            torn = [*shards(wanted.name), *shards(wanted.name, "rejected")]
            for path in [*torn, job.out / "ledger.jsonl"]:
                path.unlink()
            shutil.rmtree(job.out / PACKS, ignore_errors=True)
    if rows.rows_in == 0:
        raise FactoryError("the dataset has no rows", where=name, fix="check `split` and `data_files`")
    align(shards(wanted.name))
    job.notes += kinds.notes.values()
    job.rows = rows


def _write(job: Job, read: Callable[[int], Iterable[Table]], wanted: SplitSlice, name: str) -> RowCounts:
    """The accounts of the rows written, now and before."""
    with job.ledger() as ledger:
        counts = RowCounts.model_validate({})
        shard = 0
        for entry in ledger:
            counts.add(_counts(entry))
            shard += 1
        left = None if wanted.stop is None else max(0, wanted.stop - wanted.start - counts.rows_in)
        with job.progress.task(f"load {name}", total=left) as progress:
            found = part(read(wanted.start + counts.rows_in), 0, left) if left != 0 else ()
            for table in in_shards(found, SHARD_ROWS):
                try:
                    failed = _write_shard(job.out, wanted.name, shard, table)
                except pa.ArrowNotImplementedError as error:
                    raise FactoryError(first_line(error), where=name, fix="leave this column out") from error
                entry = {"shard": shard, "rows": table.num_rows, **({"failed": failed} if failed else {})}
                ledger.append(entry)
                shard += 1
                counts.add(_counts(entry))
                progress.advance(table.num_rows, **({"failed": sum(failed.values())} if failed else {}))
    return counts


def _counts(entry: dict[str, Any]) -> RowCounts:
    """Of a line of the ledger: rows, and how many of them failed, by reason."""
    reasons = entry.get("failed", {})
    failed = sum(reasons.values())
    counts = {"in": entry["rows"], "kept": entry["rows"] - failed, "failed": failed, "reasons": reasons}
    return RowCounts.model_validate(counts)


def _write_shard(out: Path, split: str, shard: int, table: Table) -> dict[str, int]:
    """Write a shard, rows without their pictures apart; gives how many these are by reason."""
    table = unreferenced(table) if packable(table.schema) else table
    from factory.rows.pictures import FAILED, parted

    if FAILED not in table.column_names:
        write_shard(out / "data" / f"{split}-{shard:05d}.parquet", table)
        return {}
    rows, verdicts = parted(table)
    return write_result(out, shard, ShardResult(rows, verdicts), split).reasons


def _are_cells(name: str) -> bool:
    return KINDS.get(format_of(name) or "") == "separated"


def _pieces(name: str, rows: Iterator[dict[str, Any]]) -> Iterator[Piece]:
    while chunk := list(islice(rows, SHARD_ROWS)):
        yield Piece(name, chunk, range(len(chunk)))
