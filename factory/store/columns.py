"""Columns of datasets by path (``question``, ``translation.en``, ``messages[0].content``), and in pairs by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from factory.errors import FactoryError, nearest
from factory.text.template import fill, parse_path, placeholders

if TYPE_CHECKING:
    import pyarrow as pa

SIDES = (("source", "target"), ("src", "tgt"), ("source", "translation"), ("original", "translation"))
LANGUAGES = {
    *("ar", "de", "en", "es", "fa", "fr", "he", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sv", "sw"),
    *("th", "tr", "uk", "ur", "vi", "zh", "ara", "arb", "eng", "fra", "deu", "spa"),
}
FIRST = ("en", "eng")  # the side that is the source where only languages are named
SUFFIX = re.compile(r"[a-z]{2,3}(?:_[A-Z][a-z]{3})?|translation|translated")


def unknown_column(name: str, columns: Iterable[str], *, of: str = "", where: str | None = None) -> FactoryError:
    """The error for a column that is not there (in the dataset `of`), naming what is near."""
    hint = nearest(name, columns, 99).removeprefix("; ") or None
    return FactoryError(f"no column {name!r}" + (f" in {of}" if of else ""), where=where, fix=hint)


def require(paths: Iterable[str], columns: list[str] | None, *, of: str = "", where: str | None = None) -> None:
    """Check the first name of every path against the columns of a dataset, as far as known (None: nothing is).

    Raises:
        FactoryError: a column is not there, or this is no path.
    """
    if columns is None:
        return
    for path in paths:
        if path not in columns and (name := str(_keys(path)[0])) not in columns:
            raise unknown_column(name, columns, of=of, where=where)


def column_pairs(
    columns: list[str], pairs: Mapping[str, str] | None, suffix: str, *, otherwise: str = ""
) -> dict[str, str]:
    """Source column -> translation: `pairs` where given, else every (x, x + suffix) there is.

    `otherwise` is what a user could write instead of pairs, said where no pair is found.

    Raises:
        FactoryError: a column is not there, or there is no such pair.
    """
    if pairs is not None:
        require((*pairs, *pairs.values()), columns)
        return dict(pairs)
    found = {name: name + suffix for name in columns if name + suffix in columns}
    if not found:
        raise FactoryError(
            f"no pair of columns x and x{suffix}: {', '.join(columns)}",
            fix="say which: `columns: {source: translation}`" + (f" or {otherwise}" if otherwise else ""),
        )
    return found


def pairs_of(names: Sequence[str]) -> list[tuple[str, str]]:
    """(source, translation) among column names.

    >>> pairs_of(["id", "question", "answer", "question_ar", "answer_ar"])
    [('question', 'question_ar'), ('answer', 'answer_ar')]
    >>> pairs_of(["ar_text", "en_text"]), pairs_of(["translation.ar", "translation.en"])
    ([('en_text', 'ar_text')], [('translation.en', 'translation.ar')])
    """
    found: list[tuple[str, str]] = []
    free = list(dict.fromkeys(names))

    def take(source: str, target: str) -> None:
        found.append((source, target))
        free.remove(source)
        free.remove(target)

    for name in list(free):
        marks = [other for other in free if other.startswith(f"{name}_") and SUFFIX.fullmatch(other[len(name) + 1 :])]
        if name in free and marks:
            take(name, marks[0])
    for one, other in SIDES:
        for name in list(free):
            partner = re.sub(rf"(?<![A-Za-z]){one}(?![A-Za-z])", other, name)
            if partner != name and name in free and partner in free:
                take(name, partner)
    groups: dict[str, list[str]] = {}
    for name in free:
        if (rest := _without_language(name)) is not None:
            groups.setdefault(rest, []).append(name)
    for members in groups.values():
        if len(members) == 2:
            source, target = sorted(members, key=lambda name: _language(name) not in FIRST)
            take(source, target)
    return found


def _parts(name: str) -> list[str]:
    return re.split(r"[._]", name.lower())


def _language(name: str) -> str:
    return next((part for part in _parts(name) if part in LANGUAGES), "")


def _without_language(name: str) -> str | None:
    parts = _parts(name)
    rest = [part for part in parts if part not in LANGUAGES]
    return ".".join(rest) if len(rest) == len(parts) - 1 else None


def _keys(path: str) -> list[str | int]:
    try:
        return parse_path(path)
    except ValueError as error:
        raise FactoryError(str(error), fix="write it as column, column.field or column[0]") from None


def compute() -> Any:
    """`pyarrow.compute`, whose functions are made at import, so that type checkers do not know them."""
    import pyarrow.compute

    return pyarrow.compute


def column(table: pa.Table, path: str) -> pa.ChunkedArray:
    """The values at `path`, null where a struct on the way is null or a list is too short.

    A column whose whole name is `path` comes first, so that names with dots need no quoting.

    Raises:
        FactoryError: there is no such column, struct field or list.
    """
    import pyarrow as pa

    pc = compute()
    if path in table.column_names:
        return table[path]
    first, *rest = _keys(path)
    if first not in table.column_names:
        raise unknown_column(str(first), table.column_names)
    values: Any = table[str(first)]
    for part in rest:
        kind = values.type
        if isinstance(part, str):
            if not pa.types.is_struct(kind):
                raise FactoryError(f"{path}: {part!r} is looked for in {kind}, which has no named fields")
            if kind.get_field_index(part) < 0:
                raise unknown_column(part, [field.name for field in kind])
            values = pc.struct_field(values, part)
        elif not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
            raise FactoryError(f"{path}: [{part}] is looked for in {kind}, which is not a list")
        elif part < 0:
            items = [None if row is None or len(row) < -part else row[part] for row in values.to_pylist()]
            values = pa.chunked_array([pa.array(items, kind.value_type)])
        else:
            one = pc.list_slice(values, part, part + 1, return_fixed_size_list=True)  # pads short lists with null
            values = pc.list_element(one, 0)
    return values


def read_columns(path: Path, paths: Iterable[str] | None) -> pa.Table:
    """A shard's columns that these paths begin with; all of them for None."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        wanted = None if paths is None else [name if name in names else str(_keys(name)[0]) for name in paths]
        return file.read(columns=wanted)


def is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)


class NotText:
    """Stands for a value that cannot be read as text (bytes that are not UTF-8), with what is wrong."""

    def __init__(self, error: Any) -> None:
        self.error = error


def texts(table: pa.Table, path: str) -> list[Any]:
    """The values at `path` as str or None; `NotText` for a value that does not decode.

    Raises:
        FactoryError: no such column, or its type is not text.
    """
    values = column(table, path)
    if not is_text(values.type):
        raise FactoryError(f"column {path!r} is {values.type}, text is needed", fix="build the text with `columns`")
    return plain(values)


def documents(table: pa.Table, paths: Iterable[str]) -> list[str]:
    """The texts of these columns, one column after the other; null and empty ones are left out.

    Raises:
        FactoryError: as for `texts`.
    """
    return [text for path in paths for text in texts(table, path) if text and isinstance(text, str)]


def as_text(table: pa.Table, path: str) -> pa.ChunkedArray:
    """The values at `path` as a template writes them: text, numbers and booleans as large_string.

    Raises:
        FactoryError: no such column, or its values are something else.
    """
    import pyarrow as pa

    values = column(table, path)
    try:
        return values.cast(pa.large_string())  # the texts of a shard may exceed the 2 GB that string can address
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        kind = f"{{{path}}} is {values.type}"
        raise FactoryError(f"{kind}: a template takes text, numbers and booleans") from None


class Hole(NamedTuple):
    """Stands for a template that a row has no text for: the value at `path` is null, blank, or no text (`error`)."""

    path: str
    error: Exception | None = None


def filled(table: pa.Table, template: str, *, blank: bool = True) -> list[str | Hole]:
    """The template filled from each row. A null leaves a hole, and without `blank` a blank text does too.

    Raises:
        FactoryError: as for `as_text`.
    """
    columns = {name: plain(as_text(table, name)) for name in placeholders(template)}
    found: list[str | Hole] = []
    for row in range(table.num_rows):
        values = {name: column[row] for name, column in columns.items()}
        holes = (
            Hole(name, value.error if isinstance(value, NotText) else None)
            for name, value in values.items()
            if not isinstance(value, str) or not (blank or value.strip())
        )
        found.append(next(holes, None) or fill(template, values))
    return found


def plain(values: pa.ChunkedArray) -> list[Any]:
    """`to_pylist` that survives single values which do not decode."""
    try:
        return values.to_pylist()
    except UnicodeDecodeError:
        return [_plain_value(value) for value in values]


def _plain_value(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except UnicodeDecodeError as error:
        return NotText(error)


def with_column(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The table with the column added at the end, or replaced where it stands."""
    index = table.schema.get_field_index(name)
    return table.append_column(name, values) if index < 0 else table.set_column(index, name, values)
