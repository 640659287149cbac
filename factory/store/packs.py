"""Bytes of pictures lie in packs: files that are written once, by the step that brings the pictures in.

A row holds a reference in the place of the bytes, so that every further step writes references and links the packs
that they lead to. So the folder of a step is whole, whatever becomes of the folders before it. A pack is called by its
digest, so that a damaged one is known for what it is in every folder that links it. In a file a reference
names the pack, which lies in ``pictures`` beside the rows; in memory it has the whole path.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote, unquote

from factory.arrays import ChunkedArray, Table, pa, pc
from factory.errors import FactoryError
from factory.store.kinds import is_list, packable, picture_columns
from factory.store.writing import PACK, PACKS, SHA256_DIGITS, pack_hash, write_atomically

OPEN_PACKS = 8  # files: opening one costs more than reading a picture
_SCHEME = "pack:"
_DIGEST = re.compile(rf"([0-9a-f]{{{SHA256_DIGITS}}})(?:\.|$)")

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
        """
        Raises:
            FactoryError: the pack is not whole.
        """
        data = os.pread(_opened(self.pack).fileno(), self.size, self.offset)
        if len(data) != self.size:
            raise FactoryError("a pack of pictures is cut short", where=self.pack, fix="factory doctor --store")
        return data


@lru_cache(OPEN_PACKS)
def _opened(pack: str) -> BinaryIO:
    return Path(pack).open("rb", buffering=0)


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
    columns = packable(table.schema)
    places = _pack(
        chain.from_iterable(_items(table[name]) for name in columns if _has_bytes(table[name])), folder / PACKS
    )

    def moved(data: Any, path: str | None) -> Item:
        return (None, str(places[digest_of(data, path)]._replace(name=path or ""))) if data else (data, path)

    table = _changed(table, moved) if places else table
    for name in columns:
        data, paths = _fields(table[name])
        packs = pc.struct_field(pc.extract_regex(paths, r"^pack:(?P<pack>[^:]+/[^:]+):"), "pack")
        for pack in pc.unique(packs).drop_null().to_pylist():
            _link(Path(unquote(pack)), folder / PACKS)
        table = _with(table, name, data, pc.replace_substring_regex(paths, "^pack:[^:]*/", _SCHEME))
    return table


def _pack(items: Iterable[Item], folder: Path) -> dict[str, Reference]:
    """Where the bytes that lie in rows are from now on, by their SHA-256."""
    places: dict[str, tuple[int, Any]] = {}
    end = 0
    for data, path in items:
        if data and (digest := digest_of(data, path)) not in places:
            places[digest] = (end, data)
            end += len(data)
    whole = pack_hash()
    for _, data in places.values():
        whole.update(data)
    name = whole.hexdigest() + PACK
    if places and not (folder / name).exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / name, (data for _, data in places.values()))
    return {digest: Reference(name, start, len(data), digest, "") for digest, (start, data) in places.items()}


def _link(pack: Path, folder: Path) -> None:
    target = folder / pack.name
    if target.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    try:
        os.link(pack, target)
    except OSError:  # not on every file system, and not from one to another
        shutil.copyfile(pack, partial := target.with_suffix(".tmp"))
        partial.replace(target)


def located(table: Table, folder: Path) -> Table:
    """The table out of a file in the folder of a step, with references that lead there from anywhere."""
    place = f"{_SCHEME}{quote(str((folder / PACKS).absolute()))}/"
    for name in packable(table.schema):
        data, paths = _fields(table[name])
        there = pc.binary_replace_slice(paths, 0, len(_SCHEME), place)
        table = _with(table, name, data, pc.if_else(pc.starts_with(paths, _SCHEME), there, paths))
    return table


def unreferenced(table: Table) -> Table:
    """The table of a source, of which only names of pictures were given here: others that look like ours go."""

    def moved(data: Any, path: str | None) -> Item:
        return data, None if path and (path.startswith(_SCHEME) or _DIGEST.match(path)) else path

    named = picture_columns(table.schema)
    return _changed(table, moved, [name for name in packable(table.schema) if name not in named])


def unpacked(table: Table) -> Table:
    """The table with the bytes themselves, as it leaves the store."""
    return _changed(table, with_bytes)


def with_bytes(data: Any, path: str | None) -> Item:
    found = reference(path)
    return (data, path) if found is None else (found.read(), found.name or None)


def packed_bytes(table: Table) -> int:
    """The size of the pictures that a table refers to."""
    size = r"^pack:[^:]*:\d+:(?P<size>\d+):"
    paths = [_fields(table[name])[1] for name in packable(table.schema)]
    return sum(
        pc.sum(pc.struct_field(pc.extract_regex(found, size), "size").cast(pa.int64())).as_py() or 0 for found in paths
    )


def changed(values: ChunkedArray, change: Change) -> Any:
    """A column of pictures, one or several a row, each as `change` makes it; null stays null."""
    before = list(_items(values))
    after = [change(*item) for item in before]
    if all(one[0] is other[0] and one[1] == other[1] for one, other in zip(before, after, strict=True)):
        return values
    data = [one.to_pybytes() if isinstance(one, pa.Buffer) else one for one, _ in after]
    paths = [path for _, path in after]
    return _rebuilt(values, pa.array(data, pa.binary()), pa.array(paths, pa.string()))


def _changed(table: Table, change: Change, columns: Iterable[str] | None = None) -> Table:
    for name in packable(table.schema) if columns is None else columns:
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), changed(table[name], change))
    return table


def _items(values: ChunkedArray) -> Iterator[Item]:
    """(buffer of the bytes, path) of the pictures of all rows."""
    data, paths = _fields(values)
    for one, path in zip(data, paths.to_pylist(), strict=True):
        yield one.as_buffer(), path


def _flat(values: ChunkedArray) -> ChunkedArray:
    """The pictures of all rows one after another."""
    if not is_list(values.type):
        return values
    return pa.chunked_array([chunk.flatten() for chunk in values.chunks], values.type.value_type)


def _has_bytes(values: ChunkedArray) -> bool:
    data, _ = _fields(values)
    return data.null_count < len(data)


def _fields(values: ChunkedArray) -> tuple[ChunkedArray, ChunkedArray]:
    """The bytes and the paths of the pictures of all rows. Bytes are not copied."""
    flat = _flat(values)
    fields = dict(zip([field.name for field in flat.type], flat.flatten(), strict=True))
    return fields["bytes"], fields["path"]


def _with(table: Table, name: str, data: Any, paths: Any) -> Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), _rebuilt(table[name], data, paths))


def _rebuilt(values: ChunkedArray, data: Any, paths: Any) -> Any:
    """The column with other bytes and paths of its pictures; null stays null."""
    flat, fields = _flat(values), {"bytes": data, "path": paths}
    names = [field.name for field in flat.type]
    whole = [_whole(fields[name]) for name in names]
    made = pa.StructArray.from_arrays(whole, names, mask=_whole(flat.is_null()))
    if is_list(values.type):
        offsets = pa.array(accumulate((len(row.values or ()) for row in values), initial=0), pa.int32())
        made = pa.ListArray.from_arrays(offsets, made, mask=values.is_null().combine_chunks())
    return made.cast(values.type)


def _whole(values: Any) -> Any:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
