"""How the rows of a dataset hold their conversations: in a column, or in texts for one exchange."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from factory.arrays import DataType, Table, pa
from factory.errors import FactoryError
from factory.store.columns import Hole, column, filled, plain, require, texts, unknown_column
from factory.store.kinds import is_json, is_list
from factory.text.conversations import as_messages
from factory.text.template import parse_path, pieces, placeholders

KNOWN = ("messages", "conversations")


@dataclass(frozen=True)
class Layout:
    """A column of conversations, or the user's and the assistant's turn as templates; `system` is a template too.

    A template that is one column alone may name messages; then these are the turns.
    """

    column: str | None = None
    prompt: str | None = None
    response: str | None = None
    system: str | None = None

    def conversations(
        self, table: Table, tool_calls: bool = False, images: bool = False
    ) -> Iterator[list[dict[str, Any]] | ValueError]:
        """For each row its messages, as `as_messages` makes them, or why it has none."""
        parts: list[tuple[list[Any], str]] = []
        if self.system is not None:
            parts.append((cells(table, self.system), "system"))
        if self.column is not None:
            parts.append((plain(column(table, self.column)), "user"))
        else:
            parts += [(cells(table, self.prompt or ""), "user"), (cells(table, self.response or ""), "assistant")]
        for row in range(table.num_rows):
            try:
                yield [turn for values, role in parts for turn in turns(values[row], role, tool_calls, images)]
            except ValueError as error:
                yield error


def cells(table: Table, template: str) -> list[Any]:
    """What stands in each row for a template: its text, or the messages of the one column that it names."""
    if (name := _alone(template)) and _is_nested(column(table, name).type):
        return plain(column(table, name))
    return filled(table, template)


def turns(value: Any, role: str, tool_calls: bool = False, images: bool = False) -> list[dict[str, Any]]:
    """The messages of a value: a text is one turn of `role`, a single turn is a conversation too.

    Raises:
        ValueError: as for `as_messages`, or the text is missing.
    """
    if isinstance(value, Hole):
        raise ValueError(f"column {value.path!r} is " + ("no text" if value.error else "empty"))
    if isinstance(value, str):
        value = {"role": role, "content": value}
    return as_messages([value] if isinstance(value, Mapping) else value, tool_calls, images)


def find_layout(
    columns: list[str],
    *,
    column: str | None = None,
    prompt: str | None = None,
    response: str | None = None,
    system: str | None = None,
    where: str = "",
) -> Layout:
    """The layout that the parameters ask for, or else that the columns show.

    Known columns are messages, conversations, and prompt with completion.

    Raises:
        FactoryError: a named column is not there, or no layout can be recognised.
    """

    named = [name for template in (system, prompt, response) for name in placeholders(template or "")]
    require([*named, *([column] if column else [])], columns, of="the training data", where=where)
    if prompt is not None or response is not None:
        if prompt is None or response is None:
            raise FactoryError("prompt and response go together", where=where, fix="give both")
        # One prompt for all rows is fine where pictures differ, the name of a column without braces is a slip.
        for parameter, template in (("prompt", prompt), ("response", response)):
            if not placeholders(template) and (parameter == "response" or template.strip() in columns):
                fix = "write {column} where its text goes"
                raise FactoryError(f"{parameter} names no column", where=where, fix=fix)
        return Layout(prompt=prompt, response=response, system=system)
    if column is not None:
        return Layout(column=column, system=system)
    for name in KNOWN:
        if name in columns:
            return Layout(column=name, system=system)
    if "prompt" in columns and "completion" in columns:
        return Layout(prompt="{prompt}", response="{completion}", system=system)
    raise FactoryError(
        f"the training data has no messages, conversations or prompt and completion, but {', '.join(columns)}",
        where=where,
        fix='say which columns: prompt: "{instruction}" and response: "{response}"',
    )


def present(columns: list[str], has: list[str], of: str, where: str) -> list[str]:
    """Those of `columns` that a dataset has.

    Raises:
        FactoryError: it has none of them.
    """
    if found := [path for path in columns if path in has or parse_path(path)[0] in has]:
        return found
    raise unknown_column(columns[0], has, of=of, where=where)


def texts_by_language(rows: Any, columns: list[str]) -> Iterator[tuple[str, str]]:
    """(language, text) of every text in these columns of a loaded dataset: the row's `language`, or all."""
    for table in rows.with_format("arrow").iter(batch_size=256):
        languages = plain(table["language"]) if "language" in table.column_names else [None] * table.num_rows
        for path in columns:
            for language, text in zip(languages, texts(table, path), strict=True):
                if text and isinstance(text, str):
                    yield str(language or "all"), text


def _alone(template: str) -> str | None:
    """The name in a template that is one placeholder and nothing else."""
    found = pieces(template)
    return found[0][1] if len(found) == 1 and found[0][0] else None


def _is_nested(kind: DataType) -> bool:
    return is_list(kind) or pa.types.is_struct(kind) or is_json(kind)
