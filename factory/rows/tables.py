"""Rows as Arrow tables: each column gets one type that holds all of its values, however late they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from factory.arrays import Array, DataType, Table, pa, pc, pq
from factory.errors import FactoryError, first_line
from factory.rows.formats import Piece, Unreadable
from factory.store import SHARD_BYTES, read_shard, write_shard
from factory.store.kinds import (
    EXACT,
    UNFIT,
    array_of,
    as_kinds,
    convert,
    features_of,
    is_json,
    is_string,
    joined,
    metadata_of,
    picture_columns,
    settled,
    wider,
)
from factory.store.shards import total_bytes


class Rewind(Exception):
    """Rows that were given already are to be read again: what they say is lost in the types that they were given."""


@dataclass
class Kinds:
    """What is known of the columns of a source so far.

    Attributes:
        known: name -> type that holds all values up to here.
        large: columns of whole numbers of which floats do not hold each.
        mixed: columns of which values became floats or text that were none -> that type.
        notes: name -> what became of values of several kinds.
    """

    known: dict[str, pa.DataType] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)
    mixed: dict[str, pa.DataType] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def begin_with(self, shard: Path) -> None:
        """Take up what an interrupted run found out."""
        schema = pq.read_schema(shard)
        pictures = picture_columns(schema)  # of which the source says something else: where they are
        for column in (column for column in schema if column.name not in pictures):
            self.known[column.name] = wider(self.known.get(column.name), column.type)

    def of_values(self, name: str, values: Sequence[Any]) -> Array:
        """Python values in a type that goes with those before.

        Raises:
            Rewind: the values before are to be read again.
            ValueError, TypeError, OverflowError: a value that cannot be stored.
        """
        found = array_of(values, self.known.get(name))
        own = str if is_string(found.type) else float if pa.types.is_floating(found.type) else None
        classes = {*map(type, values)} - {type(None)}
        several = len(classes) > 1 or (own is not None and not classes <= {own})
        kind = self.of_array(name, found, exact=True, several=several)
        anew = kind != found.type and (is_string(kind) or is_json(kind))
        return array_of(values, kind) if anew else convert(found, kind)

    def of_array(self, name: str, values: Any, *, exact: bool = False, several: bool = False) -> DataType:
        """The type that holds these values and those before; `exact` as for `wider`, `several` kinds are in these.

        Raises:
            Rewind: the values before are to be read again.
            ValueError: there is no such type.
        """
        before, here = self.known.get(name), values.type
        kind = wider(before, here, exact=exact)
        if pa.types.is_integer(here) and _beyond_floats(values):
            self.large.add(name)
        if pa.types.is_floating(kind) and name in self.large:
            kind = pa.string()
        self.known[name] = kind
        if (was := self.mixed.get(name, kind)) != kind:
            del self.mixed[name]
        several |= any(
            one not in (None, kind, pa.null()) and is_string(one) != is_string(kind) for one in (before, here)
        )
        if is_json(kind):
            self.notes[name] = f"column {name!r}: objects or values of several kinds: kept as JSON"
        elif several and is_string(kind):
            self.mixed[name] = kind
            self.notes[name] = f"column {name!r}: text and others: kept as text"
        elif pa.types.is_floating(kind) and (several or any(map(pa.types.is_integer, (before or kind, here)))):
            self.mixed[name] = kind
            self.notes[name] = f"column {name!r}: whole numbers and others: kept as {kind}"
        if was != kind:
            raise Rewind
        return kind


def _beyond_floats(values: Any) -> bool:
    found = pc.min_max(values).as_py()
    return found["min"] is not None and max(-found["min"], found["max"]) > EXACT


def tables(pieces: Iterable[Piece], kinds: Kinds | None = None) -> Iterator[Table]:
    """A table of every piece; raises as `placed` does."""
    return (table for _, table in placed(pieces, kinds))


def placed(pieces: Iterable[Piece], kinds: Kinds | None = None) -> Iterator[tuple[str, Table]]:
    """(file, table) of every piece.

    Raises:
        FactoryError: a row cannot be read, or has a value that cannot be stored, or not with those before it.
        Rewind: numbers that became floats or text are to be something else: read all again, with the same `kinds`.
    """
    kinds = kinds or Kinds()
    for piece in pieces:
        if not isinstance(piece.rows, Sequence):
            yield piece.file, _typed(piece, settled(piece.rows), kinds)
            continue
        for number, row in enumerate(piece.rows):
            if isinstance(row, Unreadable):
                raise FactoryError(row.error, where=_place(piece, number), fix=row.fix)
        rows: Any = piece.rows
        columns: dict[str, pa.Array] = {}
        for name in dict.fromkeys(name for row in rows for name in row):
            values = [row.get(name) for row in rows]
            try:
                columns[name] = kinds.of_values(name, values)
            except UNFIT as error:
                raise _unfit(piece, name, values, error) from None
        yield piece.file, pa.table(columns)


def _typed(piece: Piece, table: Table, kinds: Kinds) -> Table:
    """A table with types of its own, in those that go with the tables before."""
    columns = {}
    for name in table.column_names:
        try:
            columns[name] = kinds.of_array(name, table[name])
        except UNFIT:
            what = f"{table[name].type} here does not go with the {kinds.known[name]} before it"
            raise _error(piece, 0, name, what) from None
    return as_kinds(table, columns)


def _unfit(piece: Piece, name: str, values: Sequence[Any], error: Exception) -> FactoryError:
    """The error for the first value that cannot be stored."""
    for number, value in enumerate(values):
        try:
            array_of([value])
        except UNFIT as own:
            return _error(piece, number, name, f"{value!r:.60} cannot be stored: {first_line(own)}")
    return _error(piece, 0, name, first_line(error))


def _error(piece: Piece, number: int, name: str, what: str) -> FactoryError:
    return FactoryError(f"column {name!r}: {what}", where=_place(piece, number), fix="mend the row or take it out")


def _place(piece: Piece, number: int) -> str:
    return f"{piece.file}:{piece.places[number]}"


def part(found: Iterable[Table], start: int, stop: int | None) -> Iterator[Table]:
    """The rows ``start:stop`` of tables that follow one another."""
    seen = 0
    for table in found:
        first = max(start - seen, 0)
        last = table.num_rows if stop is None else min(stop - seen, table.num_rows)
        if first < last:
            yield table.slice(first, last - first)
        seen += table.num_rows
        if stop is not None and seen >= stop:
            return


def in_shards(found: Iterable[Table], rows: int) -> Iterator[Table]:
    """The same rows, `rows` in each table or as many as `SHARD_BYTES` hold; what is left in the last."""
    held: list[Table] = []
    count = size = 0
    for table in chain.from_iterable(map(_small, found)):
        if count and size + total_bytes(table) > SHARD_BYTES:
            yield joined(held)
            held, count, size = [], 0, 0
        held, count, size = [*held, table], count + table.num_rows, size + total_bytes(table)
        if count >= rows:
            whole = joined(held)
            while count >= rows:
                yield whole.slice(0, rows)
                whole, count = whole.slice(rows), count - rows
            held, size = [whole], total_bytes(whole)
    if count:
        yield joined(held)


def _small(table: Table) -> Iterator[Table]:
    """The table in parts that a shard can hold."""
    if table.num_rows < 2 or total_bytes(table) <= SHARD_BYTES:
        yield table
        return
    half = table.num_rows // 2
    yield from _small(table.slice(0, half))
    yield from _small(table.slice(half))


def align(paths: Sequence[Path]) -> None:
    """Write shards anew whose rows had narrower types, or fewer columns, than all together."""
    schemas = [pq.read_schema(path) for path in paths]
    kinds: dict[str, pa.DataType] = {}
    features: dict[str, Any] = {}
    for schema in schemas:
        kinds |= {field.name: wider(kinds.get(field.name), field.type) for field in schema}
        features |= features_of(schema)
    for path, schema in zip(paths, schemas, strict=True):
        if dict(zip(schema.names, schema.types, strict=True)) != kinds or schema.names != [*kinds]:
            fitted = as_kinds(read_shard(path), kinds)
            write_shard(path, fitted.replace_schema_metadata(metadata_of(features)))
