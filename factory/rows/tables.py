"""Rows as Arrow tables: each column gets one type that holds all of its values, however late they come."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from factory.arrays import Array, DataType, Table, pa, pq
from factory.errors import FactoryError
from factory.rows.formats import Piece, Unreadable
from factory.store import write_shard
from factory.store.columns import compute, read_columns

# What stands for nothing in a csv file, as pandas has it.
NULLS = ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A"]
NULLS += ["NA", "NULL", "NaN", "None", "n/a", "nan", "null"]
UNFIT = (ValueError, TypeError, OverflowError)  # what Arrow raises, by the kind of the value


def tables(pieces: Iterable[Piece]) -> Iterator[Table]:
    """A table of every piece.

    Raises:
        FactoryError: a row cannot be read, or has a value that does not go with those before it in its column.
    """
    known: dict[str, DataType] = {}
    for piece in pieces:
        if not isinstance(piece.rows, Sequence):
            for field in piece.rows.schema:
                try:
                    known[field.name] = _wider(known.get(field.name), field.type)
                except UNFIT:
                    raise _unfit(piece, 0, field.name, f"{field.type} here", known[field.name]) from None
            yield piece.rows
            continue
        columns: dict[str, Array] = {}
        for number, row in enumerate(piece.rows):
            if isinstance(row, Unreadable):
                raise FactoryError(row.error, where=_place(piece, number), fix="mend the row or take it out")
        rows: Any = piece.rows
        for name in dict.fromkeys(name for row in rows for name in row):
            values = [row.get(name) for row in rows]
            columns[name] = _column(piece, name, values, known.get(name))
            known[name] = _wider(known.get(name), columns[name].type)
        yield pa.table(columns)


def _column(piece: Piece, name: str, values: Sequence[Any], known: DataType | None) -> Array:
    """The values in a type that goes with `known`; numbers and truth values among texts become text."""
    convert: Callable[[Sequence[Any]], Array] = _meant if piece.cells else _array
    try:
        column = convert(values)
        _wider(known, column.type)
        return column
    except UNFIT:
        pass
    if not piece.cells and (known is None or known == pa.string()) and all(map(_is_scalar, values)):
        with suppress(*UNFIT):
            return pa.array([value if isinstance(value, str | None) else json.dumps(value) for value in values])
    for number, value in enumerate(values):
        try:
            known = _wider(known, convert([value]).type)
        except UNFIT:
            raise _unfit(piece, number, name, f"{value!r:.60}", known) from None
    return pa.array(values, known)


def _array(values: Sequence[Any]) -> Array:
    """Whole numbers as floats where one is too large for 64 bits."""
    try:
        return pa.array(values)
    except OverflowError:
        return pa.array([float(value) if isinstance(value, int) else value for value in values])


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _meant(cells: Sequence[str | None]) -> Array:
    """Cells of a csv file as whole numbers, numbers, truth values or, where one is none of them, text."""
    pc = compute()
    values = pa.array(cells, pa.string())
    values = pc.if_else(pc.is_in(values, pa.array(NULLS)), None, values)
    if values.null_count == len(values):
        return pa.nulls(len(values))
    trimmed = pc.utf8_trim_whitespace(values)
    for kind in (pa.int64(), pa.float64(), pa.bool_()):
        try:
            return trimmed.cast(kind)
        except pa.ArrowInvalid:
            continue
    return values


def _wider(known: DataType | None, kind: DataType) -> DataType:
    """The type that holds the values of both."""
    if known is None or known == kind:
        return kind
    both = [pa.schema([("x", known)]), pa.schema([("x", kind)])]
    return pa.unify_schemas(both, promote_options="permissive").field("x").type


def _unfit(piece: Piece, number: int, name: str, what: str, known: DataType | None) -> FactoryError:
    before = f"does not go with the {known} before it" if known else "is nothing that can be stored"
    fix = "a column holds values of one kind: mend the row, or make all of them text"
    return FactoryError(f"column {name!r}: {what} {before}", where=_place(piece, number), fix=fix)


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
    """The same rows, `rows` in each table; what is left in the last."""
    held: list[Table] = []
    count = 0
    for table in found:
        held, count = [*held, table], count + table.num_rows
        while count >= rows:
            joined = pa.concat_tables(held, promote_options="permissive")
            yield joined.slice(0, rows)
            held, count = [joined.slice(rows)], count - rows
    if count:
        yield pa.concat_tables(held, promote_options="permissive")


def align(paths: Sequence[Path]) -> None:
    """Write shards anew whose rows had narrower types, or fewer columns, than all together."""
    schemas = [pq.read_schema(path) for path in paths]
    whole = pa.unify_schemas(schemas, promote_options="permissive")
    for path, schema in zip(paths, schemas, strict=True):
        if not schema.equals(whole):
            parts = [whole.empty_table(), read_columns(path, None)]
            write_shard(path, pa.concat_tables(parts, promote_options="permissive"))
