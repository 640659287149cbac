"""Bytes of pictures lie in packs: files that are written once, by the step that brings the pictures in.

A row holds a reference in the place of the bytes, so that every further step writes references and links the packs
that they lead to. So the folder of a step is whole, whatever becomes of the folders before it. In a file a reference
names the pack, which lies in ``pictures`` beside the rows; in memory it has the whole path.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from factory.arrays import ChunkedArray, Schema, Table, pa
from factory.store.kinds import has_pictures, is_list
from factory.store.writing import PACKS, write_atomically

SUFFIX = ".pack"
_SCHEME = "pack:"
_DIGEST = re.compile(r"([0-9a-f]{64})(?:\.|$)")

Item = tuple[Any, str | None]
"""The bytes of a picture, or a buffer of them, and its name or a reference; None for what is not there."""
Change = Callable[[Any, str | None], Item]


class Reference(NamedTuple):
    """Where the bytes of a picture are, and what they and the picture are called."""

    pack: str
    offset: int
    size: int
    sha256: str
    name: str

    def __str__(self) -> str:
        return f"{_SCHEME}{quote(self.pack)}:{self.offset}:{self.size}:{self.sha256}:{self.name}"

    def read(self) -> bytes:
        with Path(self.pack).open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


def reference(path: str | None) -> Reference | None:
    """What stands in the place of a picture's name, if it is a reference."""
    if not path or not path.startswith(_SCHEME):
        return None
    pack, offset, size, sha256, name = path.removeprefix(_SCHEME).split(":", 4)
    return Reference(unquote(pack), int(offset), int(size), sha256, name)


def digest_of(data: Any, path: str | None) -> str:
    """SHA-256 (hex) of a picture's bytes; one that was named by its content tells it."""
    if found := reference(path):
        return found.sha256
    known = _DIGEST.match(path or "") if data else None
    return known[1] if known else hashlib.sha256(data or b"").hexdigest()


def packed(table: Table, folder: Path) -> Table:
    """The table as the folder of a step holds it: bytes in a pack there, packs of other steps linked."""
    fresh: dict[str, tuple[int, Any]] = {}
    end = 0
    for name in packable(table.schema):
        for data, path in _items(table[name]):
            if data and (digest := digest_of(data, path)) not in fresh:
                fresh[digest] = (end, data)
                end += len(data)
    pack = folder / PACKS / (hashlib.sha256("\n".join(fresh).encode()).hexdigest() + SUFFIX)
    if fresh and not pack.exists():
        pack.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(pack, (data for _, data in fresh.values()))

    def moved(data: Any, path: str | None) -> Item:
        if found := reference(path):
            return None, str(found._replace(pack=_linked(found.pack, pack.parent)))
        if not data:
            return data, path
        digest = digest_of(data, path)
        return None, str(Reference(pack.name, fresh[digest][0], len(data), digest, path or ""))

    return _changed(table, moved)


def located(table: Table, folder: Path) -> Table:
    """The table out of a file in the folder of a step, with references that lead there from anywhere."""
    place = f"{_SCHEME}{quote(str((folder / PACKS).absolute()))}/"

    def moved(data: Any, path: str | None) -> Item:
        return data, place + path.removeprefix(_SCHEME) if path and path.startswith(_SCHEME) else path

    return _changed(table, moved)


def unreferenced(table: Table) -> Table:
    """The table of a source, in which nothing is a reference: a name that looks like one is taken away."""
    return _changed(table, lambda data, path: (data, None if path and path.startswith(_SCHEME) else path))


def unpacked(table: Table) -> Table:
    """The table with the bytes themselves, as it leaves the store."""
    return _changed(table, with_bytes)


def with_bytes(data: Any, path: str | None) -> Item:
    found = reference(path)
    return (data, path) if found is None else (found.read(), found.name or None)


def packed_bytes(table: Table) -> int:
    """The size of the pictures that a table refers to."""
    found = (reference(path) for name in packable(table.schema) for _, path in _items(table[name]))
    return sum(one.size for one in found if one)


def packable(schema: Schema) -> list[str]:
    """The columns that may hold references: of pictures, and of sounds, which `datasets` stores in the same way."""
    return [field.name for field in schema if has_pictures(field.type)]


def changed(values: ChunkedArray, change: Change) -> Any:
    """A column of pictures, one or several a row, each as `change` makes it; null stays null."""
    before = list(_items(values))
    after = [change(*item) for item in before]
    if all(one[0] is other[0] and one[1] == other[1] for one, other in zip(before, after, strict=True)):
        return values
    flat = _flat(values)
    data = [one.to_pybytes() if isinstance(one, pa.Buffer) else one for one, _ in after]
    paths = [path for _, path in after]
    fields = {"bytes": pa.array(data, pa.binary()), "path": pa.array(paths, pa.string())}
    names = [field.name for field in flat.type]
    made = pa.StructArray.from_arrays([fields[name] for name in names], names, mask=flat.is_null())
    if is_list(values.type):
        sizes = [len(row.values or ()) for row in values]
        offsets = pa.array(accumulate(sizes, initial=0), pa.int32())
        made = pa.ListArray.from_arrays(offsets, made, mask=values.is_null().combine_chunks())
    return made.cast(values.type)


def _changed(table: Table, change: Change) -> Table:
    for name in packable(table.schema):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), changed(table[name], change))
    return table


def _items(values: ChunkedArray) -> Iterator[Item]:
    """(buffer of the bytes, path) of the pictures of all rows."""
    flat = _flat(values)
    fields = dict(zip([field.name for field in flat.type], flat.flatten(), strict=True))
    for data, path in zip(fields["bytes"], fields["path"].to_pylist(), strict=True):
        yield data.as_buffer(), path


def _flat(values: ChunkedArray) -> Any:
    """The pictures of all rows one after another, as a struct array."""
    whole = values.combine_chunks()
    return whole.flatten() if is_list(whole.type) else whole


def _linked(pack: str, folder: Path) -> str:
    """The name of a pack that now lies in the folder too."""
    target = folder / Path(pack).name
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            os.link(pack, target)
        except OSError:  # not on every file system, and not from one to another
            shutil.copyfile(pack, partial := target.with_suffix(".tmp"))
            partial.replace(target)
    return target.name
