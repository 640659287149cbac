"""Tables for people on standard output, plain where there is no terminal."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from factory.images.facts import described

COLOURS = {"done": "green", "new": "cyan", "changed": "yellow", "resume": "yellow", "failed": "red"}


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[str] = ()) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    console.print(table(columns, rows, right, title=title, title_justify="left"))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[str] = (), **more: Any) -> Table:
    """Columns of which those named in `right` are numbers; words that are states in their colours."""
    made = Table(box=None, pad_edge=False, header_style="bold", **more)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*[Text(str(cell), style=COLOURS.get(str(cell), "")) for cell in row])
    return made


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, default=_shown))


def _shown(value: Any) -> str:
    return described(value) if isinstance(value, bytes) else str(value)
