"""Tables for people on standard output, plain where there is no terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

COLOURS = {"done": "green", "new": "cyan", "changed": "yellow", "resume": "yellow", "failed": "red"}


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[str] = ()) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*[Text(str(cell), style=COLOURS.get(str(cell), "")) for cell in row])
    console.print(table)


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))
