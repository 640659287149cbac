"""Choose, rename and build columns."""

from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from factory.arrays import Table, np, pa, pc
from factory.rows.outcomes import ShardResult, Verdict, rejected
from factory.rows.step import RowStep
from factory.store.columns import as_text, column, feature_at, plain, require
from factory.store.kinds import features_of, metadata_of
from factory.text.conversations import as_messages, as_sharegpt
from factory.text.template import Choice, Name, Parts, parse, parse_path, placeholders

FORMS = {"sharegpt": (as_sharegpt, ("from", "value")), "messages": (as_messages, ("role", "content"))}

Definition = str | int | float | bool | list[Any] | dict[str, Any]


class Columns(RowStep):
    """New column name -> where it comes from; every other column is dropped, except those in `keep`.

    - ``response: answer`` copies a column; a path reaches inside: ``ar: translation.ar``, ``q: messages[0].content``.
    - ``prompt: "Q: {question}"`` fills a template (``{{x}}`` is a literal ``{x}``); a part may depend on a value:
      ``"{instruction}{% if input %}\\n\\n{input}{% endif %}"``.
    - A list or mapping builds structure; its strings are templates, plain text included:
      ``messages: [{role: user, content: "{question}"}, {role: assistant, content: "{answer}"}]``.
    - ``conversations: {sharegpt: messages_ar}`` writes a conversation as ``[{from, value}]``, and
      ``messages: {messages: conversations}`` as ``[{role, content}]``; calls of tools become text, and a row whose
      turns hold something else is rejected.
    - Numbers and booleans are constants, and so is text in ``source: {constant: orca}``.

    A row where a value that a template needs is null is rejected (``columns: no {name}``); a copied null stays null.
    """

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Definition]

    keep: list[str] | Literal["all"] = Field([], description="columns that stay as they are; `all` for every one")

    @model_validator(mode="after")
    def _check_definitions(self) -> Self:
        if not self.definitions and not self.keep:
            raise ValueError("no columns: write `new name: source column`")
        for name, definition in self.definitions.items():
            try:
                for path in _paths(definition):
                    parse_path(path)
                _check_shape(definition)
            except ValueError as error:
                raise ValueError(f"column {name!r}: {error}") from None
        return self

    @property
    def definitions(self) -> dict[str, Any]:
        return self.__pydantic_extra__ or {}

    def parameters(self) -> dict[str, Any]:
        """Where conversations are written in another form: raise the number when they become others."""
        forms = {"forms": 2} if any(map(_conversation_form, self.definitions.values())) else {}
        return super().parameters() | forms

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        kept, definitions = columns if self.keep == "all" else list(self.keep), self.definitions
        require([*(kept or ()), *(path for each in definitions.values() for path in _paths(each))], columns)
        return None if kept is None else [*kept, *(name for name in definitions if name not in kept)]

    def apply(self, table: Table) -> ShardResult:
        kept = table.column_names if self.keep == "all" else self.keep
        made = {name: table[name] for name in kept}
        missing: dict[int, str] = {}
        for name, definition in self.definitions.items():
            made[name] = _build(table, definition, missing)
        result = pa.table(made, metadata=metadata_of(self._features(table))) if made else table.select([])
        verdicts: dict[int, Verdict] = {row: rejected(f"columns: no {path}") for row, path in missing.items()}
        return ShardResult(result, verdicts)

    def _features(self, table: Table) -> dict[str, Any]:
        """What `datasets` knows of columns that are copied, or an Image column would turn into a struct."""
        kept = table.column_names if self.keep == "all" else self.keep
        origin = {**{name: name for name in kept}, **self.definitions}
        paths = {new: old for new, old in origin.items() if isinstance(old, str) and not _is_template(old)}
        found = {new: feature_at(table, path) for new, path in paths.items()} if features_of(table.schema) else {}
        return {new: feature for new, feature in found.items() if feature}


def _is_constant(definition: Any) -> bool:
    return isinstance(definition, dict) and set(definition) == {"constant"}


def _conversation_form(definition: Any) -> str | None:
    """``sharegpt`` or ``messages``, where the definition is a column of conversations to be written so."""
    if not isinstance(definition, dict) or len(definition) != 1:
        return None
    [(form, path)] = definition.items()
    return form if form in FORMS and isinstance(path, str) and not _is_template(path) else None


def _is_template(text: str) -> bool:
    return parse(text) != [text]


def _paths(definition: Any, inside: bool = False) -> Iterator[str]:
    """Every column path that a definition reads."""
    if isinstance(definition, str):
        if inside or _is_template(definition):
            yield from placeholders(definition)
        else:
            yield definition
    elif isinstance(definition, list):
        for item in definition:
            yield from _paths(item, True)
    elif not inside and _conversation_form(definition):
        yield from definition.values()
    elif isinstance(definition, dict) and (inside or not _is_constant(definition)):
        for item in definition.values():
            yield from _paths(item, True)


def _check_shape(definition: Any) -> None:
    if isinstance(definition, list | dict) and not definition:
        raise ValueError("an empty list or mapping has no type")
    if isinstance(definition, list):
        kinds = {tuple(item) if isinstance(item, dict) else type(item).__name__ for item in definition}
        if len(kinds) > 1:
            raise ValueError("the items of a list must be alike, with the same keys in the same order")
    for item in definition if isinstance(definition, list) else []:
        _check_shape(item)
    for item in definition.values() if isinstance(definition, dict) else []:
        _check_shape(item)


def _build(table: Table, definition: Any, missing: dict[int, str], inside: bool = False) -> Any:
    """One column as an Arrow array; rows without a value for a template are added to `missing`."""
    rows = table.num_rows
    if isinstance(definition, str):
        if inside or _is_template(definition):
            return _template(table, definition, missing)
        return column(table, definition)
    if not inside and _is_constant(definition):
        return _repeat(definition["constant"], rows)
    if not inside and (form := _conversation_form(definition)):
        return _conversations(table, definition[form], form, missing)
    if isinstance(definition, dict):
        parts = [_whole(_build(table, item, missing, True)) for item in definition.values()]
        return pa.StructArray.from_arrays(parts, names=list(definition))
    if isinstance(definition, list):
        parts = [_whole(_build(table, item, missing, True)) for item in definition]
        order = np.arange(rows * len(parts)).reshape(len(parts), rows).T.ravel()  # row by row instead of item by item
        offsets = np.arange(rows + 1, dtype=np.int32) * len(parts)
        return pa.ListArray.from_arrays(pa.array(offsets), pa.concat_arrays(parts).take(pa.array(order)))
    return _repeat(definition, rows)


def _conversations(table: Table, path: str, form: str, missing: dict[int, str]) -> Any:
    convert, keys = FORMS[form]
    found: list[Any] = []
    for row, turns in enumerate(plain(column(table, path))):
        try:
            found.append(None if turns is None else convert(turns))
        except ValueError:
            found.append(None)
            missing.setdefault(row, f"text in every turn of {path}")
    return pa.array(found, pa.list_(pa.struct([(key, pa.string()) for key in keys])))


def _template(table: Table, template: str, missing: dict[int, str]) -> Any:
    parts = parse(template)
    if not placeholders(template):
        return _repeat("".join(part for part in parts if isinstance(part, str)), table.num_rows)
    return _filled(table, parts, missing, np.ones(table.num_rows, bool)).cast(pa.string())


def _filled(table: Table, parts: Parts, missing: dict[int, str], here: Any) -> Any:
    """The parts of a template for whole columns at once; `here` tells in which rows they stand."""
    texts: list[Any] = [pa.array([""] * table.num_rows, pa.large_string())]
    for part in parts:
        if isinstance(part, str):
            texts.append(pa.scalar(part, pa.large_string()))
        elif isinstance(part, Name):
            texts.append(as_text(table, part.path))
            for row in (texts[-1].is_null().to_numpy() & here).nonzero()[0].tolist():
                missing.setdefault(row, part.path)
        else:
            texts.append(_chosen(table, part, missing, here))
    return pc.binary_join_element_wise(*texts, pa.scalar("", pa.large_string()))


def _chosen(table: Table, choice: Choice, missing: dict[int, str], here: Any) -> Any:
    said = pc.fill_null(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(as_text(table, choice.path))), 0), False)
    then = said.to_numpy()
    return pc.if_else(
        said,
        _filled(table, choice.then, missing, here & then),
        _filled(table, choice.otherwise, missing, here & ~then),
    )


def _repeat(value: Any, rows: int) -> Any:
    return pa.repeat(pa.scalar(value), rows)


def _whole(values: Any) -> Any:
    """One array from chunks (Arrow builds structs from arrays only)."""
    if not isinstance(values, pa.ChunkedArray):
        return values
    return values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
