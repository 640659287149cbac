"""Rows of a Hub dataset: JSON, csv, tsv and text as such files here are read, all else as `datasets` streams it."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from factory.arrays import pa
from factory.errors import FactoryError, first_line
from factory.refs import HubRef, SplitSlice
from factory.rows.formats import Piece, format_of, read
from factory.rows.unreadable import Row, Unreadable
from factory.store.kinds import UNFIT, holds_bytes

if TYPE_CHECKING:
    import datasets

BUILDERS = ("json", "csv", "text")  # of `datasets`, for files of text
TABLES = ("parquet", "arrow")  # for files that have types of their own
ROWS_WITH_BYTES = 64
USUAL = {"name", "version", "description", "data_dir", "data_files", "sep", "delimiter", "names", "column_names"}


@dataclasses.dataclass(frozen=True)
class HubFile:
    """A file of a Hub repo, ``hf://datasets/owner/name@revision/path``, read as it comes."""

    url: str

    def __str__(self) -> str:
        return self.url.removeprefix("hf://datasets/")

    def open(self, mode: Literal["rb"]) -> Any:
        from huggingface_hub import HfFileSystem

        from factory.hub.addresses import endpoint

        return HfFileSystem(endpoint=endpoint()).open(self.url, mode)


@dataclasses.dataclass(frozen=True)
class HubRows:
    """A split of a Hub dataset. Whatever reads it raises FactoryError where the Hub answers what is wrong."""

    ref: HubRef
    split: str
    data_files: str | None = None

    @cached_property
    def _builder(self) -> datasets.DatasetBuilder:
        import datasets

        ref = self.ref
        return datasets.load_dataset_builder(ref.repo, ref.config, revision=ref.revision, data_files=self.data_files)

    @cached_property
    def files(self) -> list[HubFile] | None:
        """The split's files, where they are text and the card does not say how to read them otherwise."""
        builder, config = self._builder, self._builder.config
        urls = (config.data_files or {}).get(self.split)
        said = {
            field.name
            for field in dataclasses.fields(config)
            if field.default is not dataclasses.MISSING and getattr(config, field.name) != field.default
        }
        if (
            not urls
            or not _is_by(builder, BUILDERS)
            or builder.info.features is not None
            or said - USUAL
            or not all(map(format_of, urls))
        ):
            return None
        return [HubFile(url) for url in urls]

    @property
    def is_streamed(self) -> bool:
        """Are the rows such as `datasets` gives them?"""
        from factory.hub.client import hub_errors

        with hub_errors(self.ref.repo, kind="dataset"):
            return self.files is None

    def pieces(self, rows: int, skip: int = 0) -> Iterator[Piece]:
        """At most `rows` rows each; `skip` passes over the first rows of what is streamed, and is for it alone."""
        from factory.hub.client import hub_errors

        with hub_errors(self.ref.repo, kind="dataset"):
            if self.files is None:
                apart = self._apart
                try:
                    for piece in self._streamed(rows, skip):
                        yield piece
                        skip += len(piece.places)
                except UNFIT as error:
                    if apart is None:
                        raise self._misfit(error) from error
                    yield from _after(skip, (piece for file in apart for piece in read(file, rows)))
                return
            config: Any = self._builder.config
            said = getattr(config, "sep", ",")  # a comma is what `datasets` takes where the card says nothing
            for file in self.files:
                delimiter = None if said == "," or format_of(file.url) == "tsv" else said
                yield from read(file, rows, columns=getattr(config, "names", None), delimiter=delimiter)

    @property
    def _apart(self) -> list[HubFile] | None:
        """The split's files of tables, where each may be read by its own columns: the card declares none.

        To be asked before anything is streamed, after which the builder has the columns of the first file.
        """
        builder = self._builder
        urls = (builder.config.data_files or {}).get(self.split, [])
        fits = _is_by(builder, TABLES) and builder.info.features is None and urls and all(map(format_of, urls))
        return [HubFile(url) for url in urls] if fits else None

    def _streamed(self, rows: int, skip: int) -> Iterator[Piece]:
        stream: Any = self._builder.as_streaming_dataset(self.split)
        stream = stream.with_format("arrow")
        for table in stream.skip(skip).iter(min(rows, _fitting(stream))):
            yield Piece(self.ref.repo, table, range(skip + 1, skip + 1 + table.num_rows))
            skip += table.num_rows

    def _misfit(self, error: Exception) -> Exception:
        """What to raise for an error of `datasets`: Arrow's are of values that their column does not take."""
        from datasets.table import CastError

        if not isinstance(error, CastError | pa.ArrowException):
            return error
        what = f"files that differ in their columns, or from those that the card declares: {first_line(error)}"
        return FactoryError(what, where=self.ref.repo, fix="name files that go together in `data_files`")

    def __iter__(self) -> Iterator[Row | Unreadable]:
        """The rows one by one; media are decoded."""
        from factory.hub.client import hub_errors

        with hub_errors(self.ref.repo, kind="dataset"):
            if self.files is None:
                try:
                    yield from self._builder.as_streaming_dataset(self.split)  # type: ignore[misc]
                except UNFIT as error:
                    raise self._misfit(error) from error
                return
        for piece in self.pieces(1_000):
            yield from piece.rows


def _is_by(builder: Any, names: Sequence[str]) -> bool:
    """Is it one of these builders that `datasets` brings?"""
    return type(builder).__module__ in [f"datasets.packaged_modules.{name}.{name}" for name in names]


def _after(skip: int, pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces without their first rows."""
    for piece in pieces:
        count = len(piece.places)
        if skip < count:
            rest: Any = piece.rows
            rest = rest[skip:] if isinstance(rest, Sequence) else rest.slice(skip)
            yield dataclasses.replace(piece, rows=rest, places=piece.places[skip:])
        skip = max(0, skip - count)


def _fitting(stream: Any) -> int:
    """How many rows are taken at once, so that they fit in memory: few where the first one holds bytes."""
    first = next(iter(stream.iter(1)), None)
    return ROWS_WITH_BYTES if first is not None and holds_bytes(first.schema) else sys.maxsize


def hub_rows(ref: HubRef, split: str) -> Iterator[Row | Unreadable]:
    """The rows of a split, or of a range of one (``train[10:20]``).

    Raises:
        FactoryError: what the Hub answers to what is wrong.
    """
    wanted = SplitSlice.parse(split)
    yield from islice(HubRows(ref, wanted.name), wanted.start, wanted.stop)
