"""`factory look`: rows of a dataset with source beside translation, scores and reasons."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from factory.commands.session import Choice, Session, embedded
from factory.commands.table import print_json
from factory.errors import UsageError
from factory.look.layout import columns_of, layout, view
from factory.look.rows import Numbered, Rows, of_artifact, of_hub, of_path, sample, worst
from factory.look.terminal import LINES, Screen
from factory.store.columns import unknown_column
from factory.text.figures import counted

WITHOUT_TERMINAL = 120  # columns


def show_rows(
    dataset: str,
    name: str | None,
    store: Path,
    hub: Choice,
    *,
    split: str = "train",
    rejected: bool = False,
    reason: str | None = None,
    check: str | None = None,
    rows: int = 10,
    skip: int = 0,
    draw: int | None = None,
    seed: int = 0,
    columns: str = "",
    full: bool = False,
    as_json: bool = False,
    rehearse: bool = False,
) -> None:
    """Print some rows: the first ones, a sample (`draw`), or those that a `check` likes least.

    Raises:
        UsageError: no such dataset, column, score or reason.
    """
    with _opened(dataset, name, store, hub, split, rehearse) as found:
        numbered = found.numbered(rejected=rejected, reason=reason)
        if check is not None:
            chosen = worst(numbered, check, draw or rows)
        elif draw is not None:
            chosen = sample(numbered, draw, seed)
        else:
            chosen = list(islice(numbered, skip, skip + rows))
        wanted = [column.strip() for column in columns.split(",") if column.strip()]
        _check_columns(chosen, wanted)
        if as_json:
            print_json([{"row": number, **_only(row, wanted)} for number, row in chosen])
        else:
            _print(found, chosen, wanted, full, "the worst first" if check else "a sample" if draw else "")
        if not chosen and reason is not None:
            raise UsageError(f"no row was sorted out because of {reason!r}", where=found.title)


@contextmanager
def _opened(dataset: str, name: str | None, store: Path, hub: Choice, split: str, rehearse: bool) -> Iterator[Rows]:
    path = Path(dataset)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        with Session(path, store, hub, rehearse=rehearse).open() as opened:
            datasets = list(opened.loaded.recipe.datasets)
            if name is None and len(datasets) > 1:
                named = ", ".join(datasets)
                raise UsageError("which dataset of the recipe?", fix=f"factory look {dataset} NAME, one of: {named}")
            name = name or next(iter(datasets), "")
            yield of_artifact(opened.graph, name, split)
    elif path.exists():
        yield of_path(path, split)
    elif "/" not in dataset or path.suffix or dataset.startswith((".", "/")):
        raise UsageError("no such file, folder, recipe or Hub dataset", where=dataset)
    elif hub == "local":
        with embedded(store.absolute()):
            yield of_hub(dataset, split)
    else:
        yield of_hub(dataset, split)


def _check_columns(chosen: list[Numbered], wanted: list[str]) -> None:
    if not chosen or not wanted:
        return
    known = dict.fromkeys(name for _, row in chosen for name in columns_of(row))
    for column in wanted:
        if column not in known:
            error = unknown_column(column, known)
            raise UsageError(error.what, fix=error.fix)


def _only(row: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    return {name: value for name, value in columns_of(row).items() if name in wanted} if wanted else row


def _print(found: Rows, chosen: list[Numbered], wanted: list[str], full: bool, how: str) -> None:
    screen = _screen(full)
    for number, row in chosen:
        screen.console.print(screen.row(number, view(row, layout(row, wanted))), soft_wrap=True)
        screen.console.print()
    ending = f" ({how})" if how else ""
    screen.console.print(f"{found.title}: {counted(len(chosen), 'row')}{ending}", style="dim", soft_wrap=True)


def _screen(full: bool) -> Screen:
    console = Console(highlight=False)
    width = console.width if console.is_terminal or "COLUMNS" in os.environ else WITHOUT_TERMINAL
    return Screen(console, width, console.is_terminal, None if full else LINES)
