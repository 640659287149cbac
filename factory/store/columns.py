"""Columns of datasets by path (``question``, ``translation.en``, ``messages[0].content``), and in pairs by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from factory.arrays import Array, ChunkedArray, Table, pa, pc, pq
from factory.errors import FactoryError, nearest
from factory.store.kinds import (
    NotText,
    array_of,
    features_of,
    has_pictures,
    is_json,
    is_list,
    is_picture,
    is_text,
    plain,
    text_of,
)
from factory.store.packs import changed, with_bytes
from factory.store.pictures import Picture, picture_digests, pictures_of
from factory.store.shards import read_shard
from factory.text.template import fill, needed, parse_path, placeholders

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


def column(table: Table, path: str) -> ChunkedArray:
    """The values at `path`, null where a struct on the way is null or a list is too short.

    A column whose whole name is `path` comes first, so that names with dots need no quoting. In a column of JSON
    a row may have anything or nothing at the path.

    Raises:
        FactoryError: there is no such column, struct field or list.
    """
    if path in table.column_names:
        return table[path]
    first, *rest = _keys(path)
    if first not in table.column_names:
        raise unknown_column(str(first), table.column_names)
    values: Any = table[str(first)]
    for place, part in enumerate(rest):
        kind = values.type
        if is_json(kind):
            return pa.chunked_array([array_of([_inside(value, rest[place:]) for value in plain(values)])])
        if isinstance(part, str):
            if not pa.types.is_struct(kind):
                raise FactoryError(f"{path}: {part!r} is looked for in {kind}, which has no named fields")
            if kind.get_field_index(part) < 0:
                raise unknown_column(part, [field.name for field in kind])
            values = changed(values, with_bytes) if is_picture(kind) else values
            values = pc.struct_field(values, part)
        elif not is_list(kind):
            raise FactoryError(f"{path}: [{part}] is looked for in {kind}, which is not a list")
        else:
            values = _items(values, part)
    return values


def _inside(value: Any, keys: list[str | int]) -> Any:
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _items(values: ChunkedArray, number: int) -> ChunkedArray:
    """The item of each list that has this number, counted from the end where it is negative; null for short lists."""
    if pa.types.is_fixed_size_list(values.type):
        values = values.cast(pa.list_(values.type.value_type))
    chunks = []
    for chunk in values.chunks:
        sizes = pc.list_value_length(chunk)
        place = pa.scalar(number) if number >= 0 else pc.add(sizes, number)
        there = pc.and_(pc.less(place, sizes), pc.greater_equal(place, 0))
        starts = chunk.offsets.slice(0, len(chunk))
        chunks.append(chunk.values.take(pc.if_else(there, pc.add(starts, place), None)))
    return pa.chunked_array(chunks, values.type.value_type)


def readable(table: Table, path: str) -> ChunkedArray:
    """The values at `path` as a reader wants them: a label's name in place of its number.

    Raises:
        FactoryError: as for `column`.
    """
    values = column(table, path)
    if (names := _label_names(table, path)) is None:
        return values
    known = dict(enumerate(names))
    return pa.chunked_array([pa.array([known.get(value) for value in values.to_pylist()], pa.string())])


def _label_names(table: Table, path: str) -> list[str] | None:
    """The names of a `datasets` ClassLabel, as the table's metadata tells them."""
    feature = feature_at(table, path)
    return feature.get("names") if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" else None


def feature_at(table: Table, path: str) -> Any:
    """What the metadata say of the values at a path, as a feature of `datasets`; None where they say nothing."""
    feature: Any = features_of(table.schema)
    try:
        for key in [path] if path in table.column_names else _keys(path):
            inner = feature.get("feature", feature) if isinstance(feature, dict) else feature
            feature = feature[key] if isinstance(key, str) and key in feature else _item(inner, key)
        return feature
    except (KeyError, TypeError, AttributeError, IndexError):
        return None


def _item(feature: Any, key: str | int) -> Any:
    if isinstance(key, str):
        return feature[key]
    return feature[0] if isinstance(feature, list) else feature


def read_columns(path: Path, paths: Iterable[str] | None) -> Table:
    """A shard's columns that these paths begin with; all of them for None."""
    if paths is None:
        return read_shard(path)
    names = pq.read_schema(path).names
    return read_shard(path, [name if name in names else str(_keys(name)[0]) for name in paths])


def texts(table: Table, path: str) -> list[Any]:
    """The values at `path` as str or None; `NotText` for a value that does not decode, or that is JSON but no text.

    Raises:
        FactoryError: no such column, or its type is not text.
    """
    values = readable(table, path)
    if is_json(values.type):
        return [v if isinstance(v, str | None | NotText) else NotText(_no_text(path, v)) for v in plain(values)]
    if not is_text(values.type):
        raise FactoryError(f"column {path!r} is {values.type}, text is needed", fix="build the text with `columns`")
    return plain(values)


def contents(table: Table, path: str) -> list[Any]:
    """The values at `path` as they tell one row from another: of pictures digests of their bytes, not their names.

    Raises:
        FactoryError: as for `column`.
    """
    values = column(table, path)
    return picture_digests(values) if has_pictures(values.type) else plain(values)


def _no_text(path: str, value: Any) -> TypeError:
    return TypeError(f"{path} is {type(value).__name__} here, text is needed")


def documents(table: Table, paths: Iterable[str]) -> list[str]:
    """The texts of these columns, one column after the other; null and empty ones are left out.

    Raises:
        FactoryError: as for `texts`.
    """
    return [text for path in paths for text in texts(table, path) if text and isinstance(text, str)]


def as_text(table: Table, path: str) -> ChunkedArray:
    """The values at `path` as a template writes them: text, numbers, booleans and labels as large_string.

    In a column of JSON what is none of these is null.

    Raises:
        FactoryError: no such column, or its values are something else.
    """
    values = readable(table, path)
    if is_json(values.type):
        found = [v if isinstance(v, str | int | float) else None for v in plain(values)]
        values = pa.chunked_array([text_of(found)])
    try:
        return values.cast(pa.large_string())  # the texts of a shard may exceed the 2 GB that string can address
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        kind = f"{{{path}}} is {values.type}"
        raise FactoryError(f"{kind}: a template takes text, numbers and booleans") from None


class Hole(NamedTuple):
    """Stands for a template that a row has no text for: the value at `path` is null, blank, or no text (`error`)."""

    path: str
    error: Exception | None = None


def filled(table: Table, template: str, *, blank: bool = True) -> list[str | Hole]:
    """The template filled from each row. A null that it needs leaves a hole; without `blank` a blank text does too.

    Raises:
        FactoryError: as for `as_text`.
    """
    columns = {name: plain(as_text(table, name)) for name in placeholders(template)}
    found: list[str | Hole] = []
    for row in range(table.num_rows):
        values = {name: column[row] for name, column in columns.items()}
        holes = (
            Hole(name, value.error if isinstance(value, NotText) else None)
            for name in needed(template, values)
            if not isinstance(value := values[name], str) or not (blank or value.strip())
        )
        found.append(next(holes, None) or fill(template, values))
    return found


def with_column(table: Table, name: str, values: Array | ChunkedArray) -> Table:
    """The table with the column added at the end, or replaced where it stands."""
    index = table.schema.get_field_index(name)
    return table.append_column(name, values) if index < 0 else table.set_column(index, name, values)


def image_rows(table: Table, columns: Sequence[str]) -> Iterator[list[Picture]]:
    """The pictures of each row, those of one column after the other, when their turn comes.

    Raises:
        FactoryError: a column is not there, or holds no pictures.
    """
    found = [column(table, name) for name in columns]
    if odd := [name for name, values in zip(columns, found, strict=True) if not has_pictures(values.type)]:
        raise FactoryError(
            f"column {odd[0]!r} holds no pictures", fix="name it in `images` of the dataset that has it"
        )
    rows = zip(*map(pictures_of, found), strict=True)
    return ([*chain.from_iterable(pictures or () for pictures in row)] for row in rows)
