"""Folders of pictures in the form that `datasets` calls imagefolder.

Either ``metadata.jsonl``, ``.csv`` or ``.parquet`` files with the columns of each picture, whose name, relative to
that file, is in ``file_name`` (``*_file_name`` for further ones, ``file_names`` for lists); or pictures alone, with
the name of their folder as a label where they lie in several.

https://huggingface.co/docs/datasets/image_dataset#imagefolder
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from factory.images.formats import said_type
from factory.rows.formats import Piece, Row, Unreadable, read

METADATA = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
_FILE_NAME = re.compile(r"(?:(?P<own>.+)_)?file_name(?P<several>s?)")


def is_picture(path: Path) -> bool:
    return said_type(path.name) is not None


def column_of(name: str) -> str | None:
    """What a column of names of files becomes; None: it is none.

    >>> column_of("file_name"), column_of("file_names"), column_of("mask_file_name"), column_of("text")
    ('image', 'images', 'mask', None)
    """
    found = _FILE_NAME.fullmatch(name)
    return found and (found["own"] or f"image{found['several']}")


@dataclass(frozen=True)
class ImageFolder:
    """Pictures with the files that tell of them (`metadata`), or alone: then there are none."""

    metadata: Sequence[Path]
    pictures: Sequence[Path]

    @property
    def columns(self) -> list[str]:
        """The columns that are references to pictures."""
        if not self.metadata:
            return ["image"]
        piece = next(read(self.metadata[0], 1), None)
        if piece is None:
            return []
        row = piece.rows[0] if isinstance(piece.rows, Sequence) else dict.fromkeys(piece.rows.column_names)
        return [found for name in (row if isinstance(row, dict) else ()) if (found := column_of(name))]

    def pieces(self, rows: int) -> Iterator[Piece]:
        if not self.metadata:
            yield from self._alone(rows)
            return
        for path in self.metadata:
            for piece in read(path, rows):
                if isinstance(piece.rows, Sequence):
                    yield replace(piece, rows=[_renamed(row) for row in piece.rows])
                else:
                    names = [column_of(name) or name for name in piece.rows.column_names]
                    yield replace(piece, rows=piece.rows.rename_columns(names))

    def _alone(self, rows: int) -> Iterator[Piece]:
        labels = {path.parent.name for path in self.pictures}
        labelled = len(labels) > 1 and len({len(path.parts) for path in self.pictures}) == 1
        for start in range(0, len(self.pictures), rows):
            some = self.pictures[start : start + rows]
            found = [{"image": str(path)} | ({"label": path.parent.name} if labelled else {}) for path in some]
            yield Piece(str(some[0]), found, range(start + 1, start + 1 + len(some)))


def _renamed(row: Row | Unreadable) -> Row | Unreadable:
    return row if isinstance(row, Unreadable) else {column_of(name) or name: value for name, value in row.items()}
