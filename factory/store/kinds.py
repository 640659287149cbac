"""The one type of a column's values: null < whole number < number < text, and JSON where they share none.

JSON is `datasets`' own feature ``Json``: Arrow's canonical extension type over text, each value as JSON, so that
``load_dataset`` and the verbs here see the very objects that were written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from factory.arrays import Array, ChunkedArray, DataType, RecordBatch, Schema, Table, pa

UNFIT = (ValueError, TypeError, OverflowError)  # what Arrow raises, by the kind of the value
EXACT = 2**53  # below it every whole number is a 64-bit float too


class NotText:
    """Stands for a value that cannot be read as text (bytes that are not UTF-8), with what is wrong."""

    def __init__(self, error: Any) -> None:
        self.error = error


def is_json(kind: DataType) -> bool:
    return isinstance(kind, pa.JsonType)


def is_text(kind: DataType) -> bool:
    return any(is_kind(kind) for is_kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_null))


def is_string(kind: DataType) -> bool:
    return is_text(kind) and not pa.types.is_null(kind)


def is_list(kind: DataType) -> bool:
    return any(is_kind(kind) for is_kind in (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list))


def is_picture(kind: DataType) -> bool:
    """Is it how `datasets` stores one picture: ``struct<bytes: binary, path: string>``?"""
    if not pa.types.is_struct(kind) or kind.num_fields != 2:
        return False
    names = {field.name: field.type for field in kind}
    return pa.types.is_binary(names.get("bytes", pa.null())) and pa.types.is_string(names.get("path", pa.null()))


def has_pictures(kind: DataType) -> bool:
    """Is it one picture, or a list of several?"""
    return is_picture(kind) or (is_list(kind) and is_picture(kind.value_type))


def packable(schema: Schema) -> list[str]:
    """The columns that may hold references: of pictures, and of sounds, which `datasets` stores in the same way."""
    return [field.name for field in schema if has_pictures(field.type)]


def picture_columns(schema: Schema) -> list[str]:
    """The columns that hold a picture or several, but for those of which `datasets` says that they are sounds."""
    found = [field.name for field in schema if has_pictures(field.type)]
    said = features_of(schema) if found else {}
    return [name for name in found if _item(said.get(name)).get("_type") in (None, "Image")]


def features_of(schema: Schema) -> dict[str, Any]:
    """What the metadata say of the columns as features of `datasets`; nothing where they say nothing."""
    try:
        found = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return found if isinstance(found, dict) else {}
    except (KeyError, ValueError, TypeError):
        return {}


def metadata_of(features: dict[str, Any]) -> dict[bytes, bytes] | None:
    """The metadata of a table whose columns are these features of `datasets`."""
    return {b"huggingface": json.dumps({"info": {"features": features}}).encode()} if features else None


def _item(feature: Any) -> dict[str, Any]:
    """The feature of a column's values, or of the items of its lists."""
    if isinstance(feature, list):
        feature = feature[0] if feature else None
    feature = feature if isinstance(feature, dict) else {}
    return _item(feature["feature"]) if "feature" in feature else feature


def plain(values: Array | ChunkedArray) -> list[Any]:
    """The values as Python objects, JSON as what it says; `NotText` for a single value that does not decode."""
    try:
        found = values.to_pylist()
    except UnicodeDecodeError:
        found = [_plain_value(value) for value in values]
    decode = _decoder(values.type)
    return found if decode is None else [_decoded(decode, value) for value in found]


def _plain_value(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except UnicodeDecodeError as error:
        return NotText(error)


def _decoded(decode: Callable[[Any], Any], value: Any) -> Any:
    try:
        return value if isinstance(value, NotText) else decode(value)
    except (ValueError, RecursionError) as error:
        return NotText(error)


def _decoder(kind: DataType) -> Callable[[Any], Any] | None:
    """Puts what JSON says in the place of its text, wherever it stands in a value; None: there is no JSON."""
    if is_json(kind):
        return lambda value: None if value is None else json.loads(value)
    if is_list(kind) and (inner := _decoder(kind.value_type)):
        return lambda value: None if value is None else [inner(item) for item in value]
    if pa.types.is_struct(kind) and (inside := {f.name: d for f in kind if (d := _decoder(f.type))}):
        return lambda value: value and value | {name: decode(value[name]) for name, decode in inside.items()}
    return None


def rows_of(table: Table | RecordBatch) -> list[dict[str, Any]]:
    """The rows as Python objects, JSON as what it says."""
    names = table.schema.names
    columns = [plain(column) for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def array_of(values: Sequence[Any], known: DataType | None = None) -> Array:
    """Python values in the type that they share; in `known` where that is text or JSON, which end every ladder.

    Numbers and truth values become text as JSON writes them. Objects that differ in their keys, and values that share
    no type, are JSON.

    Raises:
        ValueError, TypeError, OverflowError: a value that cannot be stored at all, as half a surrogate pair.
    """
    if known is not None and is_json(known):
        return json_of(values)
    found = _shared(values)
    can_be_text = {*map(type, values)} <= {type(None), str, bool, int, float}
    if found is None or (can_be_text and known is not None and _needs_text(found.type, known)):
        return text_of(values) if can_be_text else json_of(values)
    return found


def _shared(values: Sequence[Any]) -> Array | None:
    try:
        found = pa.array(values)
    except OverflowError:
        return _floats(values)
    except UNFIT:
        return None
    return found if not _has_gaps(found) or _same_keys(values) else None


def _floats(values: Sequence[Any]) -> Array | None:
    """Whole numbers beyond 64 bits, where floats hold the very same numbers."""
    try:
        found = [float(value) if isinstance(value, int) else value for value in values]
        return pa.array(found) if found == list(values) else None
    except UNFIT:
        return None


def _needs_text(kind: DataType, known: DataType) -> bool:
    return is_string(known) and not is_text(kind)


def _has_gaps(values: Array) -> bool:
    """Is there an object without a value under a key that others have, or without any key?"""
    if is_list(values.type):
        return _has_gaps(values.values)
    if not pa.types.is_struct(values.type):
        return False
    fields = values.flatten()  # null as well where the object is: below a null, a builder may put any value
    return not fields or any(field.null_count > values.null_count or _has_gaps(field) for field in fields)


def _same_keys(values: Iterable[Any]) -> bool:
    """Do objects have the same keys wherever they stand in these values, which have one shape but for that?"""
    there = [value for value in values if value is not None]
    if there and isinstance(there[0], dict):
        keys = there[0].keys()
        if not keys or any(value.keys() != keys for value in there):
            return False
        return all(_same_keys(value[key] for value in there) for key in keys)
    if there and isinstance(there[0], list):
        return _same_keys(item for value in there for item in value)
    return True


def json_of(values: Iterable[Any]) -> Array:
    texts = [None if value is None else _as_json(value) for value in values]
    return pa.ExtensionArray.from_storage(pa.json_(), pa.array(texts, pa.string()))


def typed(values: Sequence[Any], kind: DataType) -> Array:
    """Values that are like those of a column of this type: JSON as a whole where there is JSON in it."""
    return pa.array(values, kind) if _decoder(kind) is None else json_of(values)


def text_of(values: Iterable[Any]) -> Array:
    return pa.array([value if isinstance(value, str | None) else _as_text(value) for value in values], pa.string())


def _as_json(value: Any) -> str:
    import orjson

    try:
        return orjson.dumps(value, default=str).decode()
    except TypeError:  # half a surrogate pair, or a whole number beyond 64 bits, at which `datasets` would stop
        return json.dumps(_within_64_bits(value), ensure_ascii=False, default=str)


def _within_64_bits(value: Any) -> Any:
    """Larger whole numbers as text."""
    if isinstance(value, dict):
        return {key: _within_64_bits(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [*map(_within_64_bits, value)]
    return str(value) if isinstance(value, int) and not -(2**63) <= value < 2**64 else value


def _as_text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool | float) else str(value)


def wider(one: DataType | None, other: DataType, *, exact: bool = False) -> DataType:
    """The type that holds the values of both. `exact`: objects that differ in their keys are JSON, not one object.

    Raises:
        ValueError: bytes and something else.
    """
    if one is None:
        return other
    if (shared := _merged(one, other, exact)) is not None:
        return shared
    if not any(map(_is_nested, (one, other))) and not any(map(has_bytes, (one, other))):
        return pa.large_string() if pa.large_string() in (one, other) else pa.string()
    if any(map(has_bytes, (one, other))):
        raise ValueError("bytes go with nothing else")
    return pa.json_()


def _merged(one: DataType, other: DataType, exact: bool) -> DataType | None:
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if is_text(one) and is_text(other):
        return pa.large_string()
    if is_list(one) and is_list(other):
        inner = _merged(one.value_type, other.value_type, exact)
        large = any(map(pa.types.is_large_list, (one, other)))
        return None if inner is None else pa.large_list(inner) if large else pa.list_(inner)
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        return _merged_objects(one, other, exact)
    if _is_nested(one) or _is_nested(other) or is_text(one) or is_text(other):
        return None
    try:
        fields = [pa.schema([("x", kind)]) for kind in (one, other)]
        return pa.unify_schemas(fields, promote_options="permissive").field("x").type
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return None


def _merged_objects(one: DataType, other: DataType, exact: bool) -> DataType | None:
    first, second = ({field.name: field.type for field in kind} for kind in (one, other))
    if exact and first.keys() != second.keys():
        return None
    merged = {
        name: _merged(first.get(name, pa.null()), second.get(name, pa.null()), exact) for name in {**first, **second}
    }
    return None if None in merged.values() else pa.struct([*merged.items()])


def _is_nested(kind: DataType) -> bool:
    return pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType)


def holds_bytes(schema: Schema) -> bool:
    return any(has_bytes(field.type) for field in schema)


def has_bytes(kind: DataType) -> bool:
    if is_list(kind):
        return has_bytes(kind.value_type)
    if pa.types.is_struct(kind):
        return any(has_bytes(field.type) for field in kind)
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


def convert(values: Array | ChunkedArray, kind: DataType) -> Any:
    """The values in a type that `wider` found for them."""
    if values.type == kind:
        return values
    if is_json(kind):
        return json_of(plain(values))
    if _needs_text(values.type, kind):
        return text_of(values.to_pylist()).cast(kind)
    parts = [pa.table({"x": pa.array([], kind)}), pa.table({"x": values})]
    return pa.concat_tables(parts, promote_options="permissive")["x"]


def joined(tables: Sequence[Table]) -> Table:
    """The rows of all tables, each column in the type that holds its values; null where a table lacks one.

    Raises:
        ValueError: as for `wider`.
    """
    kinds: dict[str, pa.DataType] = {}
    for table in tables:
        for field in table.schema:
            kinds[field.name] = wider(kinds.get(field.name), field.type)
    fitted = [as_kinds(table, kinds) for table in tables]
    return pa.concat_tables([table.replace_schema_metadata(tables[0].schema.metadata) for table in fitted])


def as_kinds(table: Table, kinds: dict[str, pa.DataType]) -> Table:
    """The table with these columns in these types, null where it lacks one."""
    columns = [
        convert(table[name], kind) if name in table.column_names else pa.nulls(table.num_rows, kind)
        for name, kind in kinds.items()
    ]
    return pa.Table.from_arrays(columns, schema=pa.schema([*kinds.items()], metadata=table.schema.metadata))


def settled(table: Table) -> Table:
    """Types that `datasets` knows: values in place of codes and runs, views as what they show, maps as JSON objects.

    What `datasets` says of columns stays.
    """
    for place, field in enumerate(table.schema):
        if _holds(field.type, pa.types.is_map):
            table = table.set_column(place, field.name, json_of(_objects(table[field.name])))
        elif (kind := _settled(field.type)) != field.type:
            table = table.set_column(place, field.name, _cast(table[field.name], kind))
    known = {key: value for key, value in (table.schema.metadata or {}).items() if key == b"huggingface"}
    return table.replace_schema_metadata(known or None)


def _holds(kind: DataType, is_kind: Callable[[DataType], bool]) -> bool:
    """Is there such a type in this one, however deep?"""
    return is_kind(kind) or any(_holds(kind.field(number).type, is_kind) for number in range(kind.num_fields))


def _is_list_view(kind: DataType) -> bool:
    return pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind)


def _objects(values: ChunkedArray) -> list[Any]:
    """Values with maps as objects; as lists of pairs in a column where one has a key twice."""
    try:
        return values.to_pylist(maps_as_pydicts="strict")
    except KeyError:
        return values.to_pylist()


def _settled(kind: DataType) -> DataType:
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _settled(kind.value_type)
    if pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_binary_view(kind):
        return pa.binary()
    if _is_list_view(kind):
        return pa.large_list(_settled(kind.value_type))
    if is_list(kind) and (inner := _settled(kind.value_type)) != kind.value_type:
        return pa.list_(inner)
    if pa.types.is_struct(kind):
        fields = [pa.field(field.name, _settled(field.type)) for field in kind]
        return kind if all(new.type == old.type for new, old in zip(fields, kind, strict=True)) else pa.struct(fields)
    return kind


def _cast(values: ChunkedArray, kind: DataType) -> Any:
    if not _holds(values.type, _is_list_view):  # Arrow's cast of list views empties the last list
        try:
            return values.cast(kind)
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            pass
    return pa.array(values.to_pylist(), kind)
