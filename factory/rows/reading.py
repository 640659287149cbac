"""Rows of local files, folders and Hub datasets, in whatever format: the one way in which rows are read."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from factory.errors import FactoryError, UsageError
from factory.refs import HubRef, SplitSlice, is_hub_ref
from factory.rows.formats import ABOUT, FORMATS, KINDS, Piece, Row, Unreadable, count, format_of, read
from factory.rows.hub import HubRows, hub_rows
from factory.rows.imagefolder import METADATA, ImageFolder, is_picture
from factory.rows.splits import by_split
from factory.store import TRAIN
from factory.store.kinds import NotText
from factory.store.kinds import rows_of as python_rows

BATCH_ROWS = 2_000
PICTURE_ROWS = 64
KEPT_BYTES = 4 << 20  # of files whose rows are kept in memory


@dataclass(frozen=True)
class Files:
    """The rows of a file, of a folder of files of one kind, or of a split of a folder.

    Splits have folders whose files are named after them, and those that `save_to_disk` wrote.

    `columns` names those of csv or tsv files without a header, `delimiter` is what parts their fields.
    """

    path: Path
    split: str = TRAIN
    columns: list[str] | None = None
    delimiter: str | None = None

    @cached_property
    def paths(self) -> list[Path]:
        """The files in their order.

        Raises:
            UsageError: there are none that hold rows, or they are of several kinds.
        """
        path = self.path
        if not path.is_dir():
            found = [path]
        elif (path / "state.json").is_file() or (path / "dataset_dict.json").is_file():
            return _saved(path, self.split)
        else:
            found = self._of_split
        if not found and self.of_pictures is None:
            raise UsageError("no files to read in this folder", where=str(path), fix=f"one of {FORMATS}")
        for file in found:
            if not file.exists():
                raise UsageError(
                    "no such file", where=str(file), fix="a Hub dataset is owner/name[:config][@revision]"
                )
            if format_of(file.name) is None:
                raise UsageError(f"cannot read {file.suffix or 'this'}", where=str(file), fix=f"one of {FORMATS}")
        kinds = {KINDS[format_of(file.name) or ""]: file.name for file in found}
        if len(kinds) > 1:
            names = ", ".join(sorted(kinds.values()))
            raise UsageError(f"files of several kinds: {names}", where=str(path), fix="name one of them, or part them")
        for word, value in (("column_names", self.columns), ("delimiter", self.delimiter)):
            if value and "separated" not in kinds:
                raise UsageError(f"`{word}` is for csv and tsv files", where=str(path), fix="leave it out")
        return found

    @cached_property
    def _below(self) -> list[Path]:
        path = self.path
        return sorted(p for p in path.rglob("*") if p.is_file() and not _aside(p.relative_to(path)))

    @cached_property
    def _of_split(self) -> list[Path]:
        """The files with rows of a folder that are of this split; all of them where they are of one alone."""
        files = [file for file in self._below if format_of(file.name)]
        splits = by_split(self.path, files)
        if splits and self.split not in splits:
            fix = f"it has: {', '.join(splits)}"
            raise UsageError(f"there is no split {self.split!r}", where=str(self.path), fix=fix)
        return splits.get(self.split, files)

    @property
    def are_of_a_split(self) -> bool:
        """Are there files of other splits beside them?"""
        return self.path.is_dir() and any(format_of(file.name) and file not in self._of_split for file in self._below)

    @cached_property
    def of_pictures(self) -> ImageFolder | None:
        """The folder as one of pictures, where it is one."""
        if not self.path.is_dir():
            return None
        metadata = [file for file in self._below if file.name in METADATA]
        pictures = [file for file in self._below if is_picture(file)]
        alone = not any(format_of(file.name) for file in self._below)
        return ImageFolder(metadata, pictures) if pictures and (metadata or alone) else None

    @property
    def are_cells(self) -> bool:
        """Are they csv or tsv?"""
        return any(KINDS[format_of(path.name) or ""] == "separated" for path in self.paths)

    @property
    def are_lines(self) -> bool:
        """Are they JSON, of which each row says its own columns?"""
        return any(KINDS[format_of(path.name) or ""] == "json" for path in self.paths)

    @property
    def are_plain(self) -> bool:
        """Are they text, and not packed? Then their rows take a few times their size in memory."""
        return all(KINDS.get(path.suffix.lower()[1:]) in ("json", "separated", "text") for path in self.paths)

    def pieces(self, rows: int) -> Iterator[Piece]:
        if self.of_pictures is not None:
            yield from self.of_pictures.pieces(rows)
            return
        for path in self.paths:
            yield from read(path, rows, columns=self.columns, delimiter=self.delimiter)

    def count(self) -> int | None:
        """How many rows there are, told without parsing them; None where it cannot be told."""
        if self.of_pictures is not None and not self.of_pictures.metadata:
            return len(self.of_pictures.pictures)
        try:
            counts = [count(path, header=self.columns is None) for path in self.paths]
        except (FactoryError, OSError, ValueError):
            return None
        return None if None in counts else sum(number or 0 for number in counts)


def _aside(path: Path) -> bool:
    return path.name in ABOUT or any(part.startswith(".") for part in path.parts)


def _saved(folder: Path, split: str) -> list[Path]:
    """The Arrow files of what `Dataset.save_to_disk` or `DatasetDict.save_to_disk` wrote."""
    try:
        if (folder / "dataset_dict.json").is_file():
            splits = json.loads((folder / "dataset_dict.json").read_bytes())["splits"]
            if split not in splits:
                fix = f"it has: {', '.join(splits)}"
                raise UsageError(f"there is no split {split!r}", where=str(folder), fix=fix)
            folder /= split
        state = json.loads((folder / "state.json").read_bytes())
        return [folder / file["filename"] for file in state["_data_files"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        fix = "write it again with `save_to_disk`"
        raise UsageError(f"no saved dataset: {error}", where=str(folder), fix=fix) from error


@dataclass(frozen=True)
class Rows:
    """The rows of a local file or folder, or of a split of a Hub dataset, as often as they are asked for.

    The columns `images` name pictures, which come along: see `References`.
    """

    ref: str
    split: str = TRAIN
    images: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises UsageError where `ref` is neither a file that can be read nor a Hub ref."""
        if self.files.path.exists() or not is_hub_ref(self.ref) or format_of(self.ref):
            _ = self.files.paths
        else:
            HubRef.parse(self.ref)

    @property
    def files(self) -> Files:
        return Files(Path(self.ref).expanduser(), self.split)

    @property
    def size(self) -> int | None:
        """Bytes on disk; None for a Hub dataset."""
        return sum(file.stat().st_size for file in self.files.paths) if self.files.path.exists() else None

    def batches(self, limit: int | None = None) -> Iterator[list[Row | Unreadable]]:
        """The rows in their order, at most `limit` of them.

        Raises:
            FactoryError: a file or the Hub cannot be read at all.
        """
        rows = islice(self, limit)
        while batch := list(islice(rows, PICTURE_ROWS if self.images else BATCH_ROWS)):
            yield batch

    def __iter__(self) -> Iterator[Row | Unreadable]:
        return self._read() if self._kept is None else iter(self._kept)

    @cached_property
    def _kept(self) -> list[Row | Unreadable] | None:
        """All rows where they are few: what checks read several times is parsed once."""
        small = self.size is not None and self.size <= KEPT_BYTES and self.files.are_plain
        return list(self._read()) if small and not self.images else None

    def _read(self) -> Iterator[Row | Unreadable]:
        if self.images:
            yield from self._with_pictures()
        elif not self.files.path.exists():
            yield from hub_rows(HubRef.parse(self.ref), self.split)
        else:
            for piece in self.files.pieces(BATCH_ROWS):
                yield from rows_of(piece)

    def _with_pictures(self) -> Iterator[Row | Unreadable]:
        from factory.rows.pictures import InRepo, Local, References

        path, wanted = self.files.path, SplitSlice(self.split)
        if path.exists():
            path = path.absolute()
            references = References(Local(path if path.is_dir() else path.parent), self.images)
            pieces = Files(path, self.split).pieces(PICTURE_ROWS)
        else:
            ref, wanted = HubRef.parse(self.ref), SplitSlice.parse(self.split)
            references = References(InRepo(ref.repo, ref.revision or "main"), self.images)
            pieces = HubRows(ref, wanted.name).pieces(PICTURE_ROWS)
        found = ((row, piece.file) for piece in pieces for row in rows_of(piece))
        for row, file in islice(found, wanted.start, wanted.stop):
            yield row if isinstance(row, Unreadable) else references.in_row(row, file)


def rows_of(piece: Piece) -> Iterator[Row | Unreadable]:
    """The rows one by one, those of a table too."""
    if isinstance(piece.rows, Sequence):
        yield from piece.rows
        return
    for row in python_rows(piece.rows):
        broken = next((value for value in row.values() if isinstance(value, NotText)), None)
        if broken is None:
            yield row
        else:
            shown = {name: str(value) for name, value in row.items() if value is not broken}
            yield Unreadable(json.dumps(shown, ensure_ascii=False), str(broken.error))
