"""References to pictures become their bytes: files beside the rows, files of a Hub repo, addresses of allowed hosts.

What a row says of a picture may be a path, an address, a data URL, bytes, or ``{bytes, path}``. Bytes are taken as
they are. Names do not survive: a picture is called by its content.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from factory.arrays import ChunkedArray, Table, pa
from factory.images.formats import content_name, is_video, type_of
from factory.rows.fetching import Fetcher
from factory.rows.outcomes import Verdict
from factory.rows.picture_parts import (
    COLUMN,
    UNDECLARED,
    bare_column,
    holds_conversations,
    is_talk,
    may_name_pictures,
    named_pictures,
    without_names,
)
from factory.rows.unreadable import Refused, Row, Unreadable
from factory.store.columns import require, with_column
from factory.store.kinds import features_of, is_json, is_list, metadata_of, picture_columns, plain
from factory.store.pictures import Picture, picture_feature, picture_type
from factory.text.json_text import json_line

AT_ONCE = 64  # rows whose pictures are read together
THREADS = 8
MOST_BYTES = 64 << 20  # of one picture
HEAD = 64  # bytes that tell a type
FAILED = " failed"  # a column beside the rows: why a row's pictures are not there
FILM = "a film: cut it into frames (ffmpeg -i film.mp4 -vf fps=1 %04d.jpg) and give their list"
NO_PICTURE = "no picture, by its first bytes"

Open = Callable[[str, str], Any]
"""(Reference, file of the row) to an open file."""


@dataclass
class Local:
    """Files below a folder; a reference is relative to the file that it stands in."""

    root: Path

    def open(self, reference: str, file: str) -> Any:
        """Raises Refused for what lies elsewhere, links followed, and for what is no file."""
        try:
            path = (Path(file).parent / reference.removeprefix("file://")).resolve()
            if not path.is_relative_to(self.root.resolve()):
                raise Refused("outside the data folder")
            if not path.is_file():
                raise Refused("no such file")
            return path.open("rb")
        except Refused:
            raise
        except (OSError, ValueError) as error:
            raise Refused(getattr(error, "strerror", None) or "no such file") from None


_LISTING = Lock()  # the Hub's file system keeps listings for all threads, and changes them while it looks


@dataclass
class InRepo:
    """Files of a Hub repo at a commit; a reference is relative to the file that it stands in, or as `datasets` names
    a file, in an archive too: ``zip://a.jpg::hf://datasets/owner/name@sha/images.zip``."""

    repo: str
    revision: str
    _folders: set[str] = field(default_factory=set)  # seen to be folders

    def open(self, reference: str, file: str) -> Any:
        """Raises Refused for what is no file of the repo. Signs such as ``*`` and ``[`` are part of a name."""
        import fsspec

        from factory.hub.addresses import endpoint

        own = f"hf://datasets/{self.repo}@{self.revision}/"
        if "::" not in reference and "://" not in reference:
            folder = posixpath.dirname(file.partition("@")[2].partition("/")[2])
            reference = own + posixpath.join(folder, reference)
        *outer, archive = reference.split("::")
        path = posixpath.normpath(archive.removeprefix(own))
        inside = archive.startswith(own) and not path.startswith(("..", "/"))
        if not inside or any(not layer.startswith(("zip://", "tar://")) for layer in outer):
            raise Refused("outside the repo")
        try:
            address = "::".join([*outer, own + path])
            with _LISTING:
                found: Any = fsspec.open(address, "rb", expand=False, hf={"endpoint": endpoint()})
                if not outer:
                    self._require_folders(found.fs, posixpath.dirname(path))
                if found.fs.info(found.path)["type"] == "file":  # a folder would be opened as a file of no bytes
                    return found.open()
        except FileNotFoundError:
            pass
        raise Refused("no such file")

    def _require_folders(self, fs: Any, folder: str) -> None:
        """Raises FileNotFoundError where a name stands below a file: HfFileSystem, asked for ``a/1.png/x``, lists the
        file and from then on takes it for all that there is in ``a``."""
        if folder and folder not in self._folders:
            self._require_folders(fs, posixpath.dirname(folder))
            if fs.info(f"datasets/{self.repo}@{self.revision}/{folder}")["type"] != "directory":
                raise FileNotFoundError(folder)
            self._folders.add(folder)


@dataclass
class Said:
    """Rows, what they say of pictures by the column in which these are to stand, and why rows fail already."""

    table: Table
    pictures: dict[str, list[Any]]
    failures: list[str | None]


@dataclass
class References:
    """How the pictures of a source are found.

    Attributes:
        files: where relative references lead.
        columns: columns that the recipe declares to be pictures, or turns of which parts name some; those that
            `datasets` says are pictures come along.
        hosts: hosts that addresses may name.
    """

    files: Local | InRepo
    columns: Sequence[str] = ()
    hosts: Sequence[str] = ()
    _several: dict[str, bool] = field(default_factory=dict)
    _talks: dict[str, bool] = field(default_factory=dict)

    @cached_property
    def _fetcher(self) -> Fetcher:
        return Fetcher(self.hosts, MOST_BYTES)

    def loaded(self, table: Table, file: str, first: int) -> Iterator[Table]:
        """The rows with bytes in place of references, some at a time; `first` is the number of the first row.

        A row of which a picture is not to be had keeps its place, and the column `FAILED` says why.

        Raises:
            FactoryError: there is no such column.
        """
        require(self.columns, table.column_names, of=file)
        for name in self._names(table):
            if not self._is_talk(table, name):
                self._several.setdefault(name, _has_lists(table[name]))
        with ThreadPoolExecutor(THREADS) as threads:
            for start in range(0, table.num_rows, AT_ONCE):
                yield self._slice(self._said(table.slice(start, AT_ONCE)), file, first + start, threads)

    def in_row(self, row: Row, file: str) -> Row | Unreadable:
        """The row with its pictures in place of what names them; a row of which one is not to be had is unreadable."""
        named = dict(row)
        for name in [name for name in self.columns if name in row]:
            value, target = row[name], name
            if is_talk(value):
                named[name], value, target = without_names(value), _careful(value), COLUMN
                if not value and COLUMN in named:
                    continue
            found = value if target == COLUMN != name and isinstance(value, str) else self._row(value, file)
            if isinstance(found, str):
                rest = {key: text for key, text in row.items() if isinstance(text, str) and key not in self.columns}
                return Unreadable(json_line(rest).decode().strip(), f"{found} ({name})")
            cells = [picture and picture._asdict() for picture in found or ()]
            named[target] = cells if isinstance(value, list) else next(iter(cells), None)
        return named

    def foreseen(self, table: Table, file: str) -> Counter[str]:
        """Why rows will fail, and how many, as far as can be told without reading a picture or asking a host."""
        require(self.columns, table.column_names, of=file)
        said, found = self._said(table), Counter[str]()
        for row in range(table.num_rows):
            reasons = (
                f"{name}: {why}"
                for name, values in said.pictures.items()
                for one in (values[row] if isinstance(values[row], list) else [values[row]])
                if (why := self._refusal(one, file))
            )
            if why := said.failures[row] or next(reasons, None):
                found[why] += 1
        return found

    def _said(self, table: Table) -> Said:
        """The rows and what they say of pictures. The parts of turns in declared columns are said in `COLUMN`."""
        pictures: dict[str, list[Any]] = {}
        failures: list[str | None] = [None] * table.num_rows
        talks = [name for name in table.column_names if self._is_talk(table, name)]
        for name in self._names(table):
            if name not in talks:
                pictures[name] = plain(table[name])
        for name in talks:
            named = [_careful(value) for value in plain(table[name])]
            if not any(named) and name not in self.columns:
                continue
            before = pictures.get(COLUMN) or [None] * table.num_rows
            for row, found in enumerate(named):
                why = found if isinstance(found, str) else UNDECLARED if found and name not in self.columns else None
                if why is None and found and before[row] and before[row] != found:
                    why = f"other pictures than in {COLUMN}, or in another column of turns"
                failures[row] = failures[row] or (why and f"{name}: {why}")
            if name in self.columns:
                pictures[COLUMN] = [
                    found if found and not isinstance(found, str) else old or []
                    for found, old in zip(named, before, strict=True)
                ]
            table = with_column(table, name, bare_column(table[name]))
        return Said(table, pictures, failures)

    def _names(self, table: Table) -> list[str]:
        """The columns of pictures; with those of turns, the one into which their pictures go."""
        beside = [COLUMN] if COLUMN in table.column_names and any(self._talks.values()) else []
        return [*dict.fromkeys([*self.columns, *picture_columns(table.schema), *beside])]

    def _is_talk(self, table: Table, name: str) -> bool:
        """Is it a column of conversations, declared or such that its parts may name pictures?"""
        if name in self.columns:
            return self._talks.setdefault(name, holds_conversations(table[name]))
        return may_name_pictures(table[name])

    def _refusal(self, value: Any, file: str) -> str | None:
        """Why what a row says is no picture, as far as `foreseen` looks."""
        try:
            data, name = _told(value)
            if is_video(name or "", data or b""):
                return FILM
            if data is not None or name is None:
                return None
            if name.startswith("data:"):
                _checked(_data_url(name))
            elif name.startswith(("http://", "https://")):
                return self._fetcher.allowed(name)
            else:
                self.files.open(name, file).close()
        except Refused as error:
            return str(error)
        return None

    def _slice(self, said: Said, file: str, first: int, threads: ThreadPoolExecutor) -> Table:
        table, failures = said.table, said.failures
        features = features_of(table.schema)
        for name, values in said.pictures.items():
            several = self._several.get(name, True)  # those of turns are several
            rows = list(threads.map(lambda value: self._row(value, file), values))
            for row, found in enumerate(rows):
                if not several and isinstance(found, list) and len(found) > 1:
                    rows[row] = found = "several pictures where the rows before have one"
                if isinstance(found, str):
                    failures[row] = failures[row] or f"{name}: {found}"
            kept = [None if isinstance(found, str) else _value(found, several) for found in rows]
            table = with_column(table, name, pa.array(kept, picture_type(several)))
            features = {**features, name: picture_feature(several)}
        reasons = [why and f"{why}\n{first + row}" for row, why in enumerate(failures)]
        return with_column(table, FAILED, pa.array(reasons, pa.string())).replace_schema_metadata(
            metadata_of(features)
        )

    def _row(self, value: Any, file: str) -> list[Picture | None] | str | None:
        """The pictures of a cell, or why one is not to be had."""
        if value is None:
            return None
        try:
            return [self._picture(one, file) for one in (value if isinstance(value, list) else [value])]
        except Refused as error:
            return str(error)

    def _picture(self, value: Any, file: str) -> Picture | None:
        data, name = _told(value)
        if data is None and name is None:
            return None
        if data is None:
            data = self._read(name or "", file)
        if is_video(name or "", data or b""):
            raise Refused(FILM)
        return Picture(data, content_name(data, None if name is None or name.startswith("data:") else name))

    def _read(self, reference: str, file: str) -> bytes:
        """The bytes behind a reference, which are a picture's or none at all."""
        if reference.startswith("data:"):
            return _checked(_data_url(reference))
        if is_video(reference):
            raise Refused(FILM)
        if reference.startswith(("http://", "https://")):
            return _checked(self._fetcher.fetch(reference))
        with self.files.open(reference, file) as opened:
            head = opened.read(HEAD)
            _checked(head)
            data = head + opened.read(MOST_BYTES - len(head) + 1)
        if len(data) > MOST_BYTES:
            raise Refused(f"larger than {MOST_BYTES >> 20} MB")
        return data


def _has_lists(values: ChunkedArray) -> bool:
    """Is it a column of lists? One that holds nothing yet is taken for one of single pictures."""
    return is_list(values.type) or (is_json(values.type) and any(isinstance(value, list) for value in plain(values)))


def _told(value: Any) -> tuple[bytes | None, str | None]:
    """The bytes and the name that a cell gives. Raises Refused for what is neither."""
    if isinstance(value, Mapping):
        data, name = value.get("bytes"), value.get("path") or value.get("url")
    else:
        data, name = (value, None) if isinstance(value, bytes) else (None, value)
    if not isinstance(name, str | None) or not isinstance(data, bytes | None):
        raise Refused(f"{type(value).__name__} is no reference to a picture")
    return data, name


def _careful(conversation: Any) -> list[Any] | str:
    """What parts of turns name, or why it cannot be taken."""
    try:
        return named_pictures(conversation)
    except Refused as error:
        return str(error)


def _checked(data: bytes) -> bytes:
    """Raises Refused for what is no picture: nothing else is taken in from outside the rows."""
    if data and type_of(data) is None:
        raise Refused(FILM if is_video("", data) else NO_PICTURE)
    return data


def _data_url(reference: str) -> bytes:
    head, _, data = reference.partition(",")
    if not head.endswith(";base64"):
        raise Refused("a `data:` URL that is not in base64")
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise Refused("its base64 is broken") from None


def _value(pictures: list[Picture | None] | None, several: bool) -> Any:
    """As Arrow takes it. A row without a list has an empty one: trainers stop at null."""
    found = [picture and picture._asdict() for picture in pictures or ()]
    return found if several else next(iter(found), None)


def parted(table: Table) -> tuple[Table, dict[int, Verdict]]:
    """The rows without `FAILED`, and what it says as verdicts."""
    verdicts = {}
    for row, said in enumerate(table[FAILED].to_pylist()):
        if said is not None:
            why, _, number = said.rpartition("\n")
            verdicts[row] = Verdict("failed", f"load: {why}", f"row {number}")
    return table.drop_columns([FAILED]), verdicts
