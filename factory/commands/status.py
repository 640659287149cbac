"""`factory status`: what is done, running, rejected and why, what it cost, and where the files are."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.commands.session import Session
from factory.commands.table import COLOURS, print_json
from factory.graph.account import Account, StepAccount, account, pace
from factory.publishing.cards.text import share
from factory.text.figures import time_text

if TYPE_CHECKING:
    from rich.console import RenderableType

REFRESH = 2.0  # seconds
RUNGS = ("first", "retry", "smaller", "fallback", "name", "rejected")  # of the ladder, in the order they are tried
SHOWN_REASONS = 6  # of a step
WITHOUT_TERMINAL = 160  # columns


def show_status(session: Session, *, as_json: bool = False, watch: bool = False) -> None:
    """Print the account as it stands; with `watch` again and again until the run is over or Ctrl-C."""
    with session.open() as opened:
        if as_json:
            print_json(as_document(account(opened.graph)))
        elif watch:
            _watch(lambda: account(opened.graph), opened.store.root)
        else:
            _console().print(rendered(account(opened.graph), opened.store.root))


def as_document(found: Account) -> dict[str, Any]:
    """The account as JSON: `run` is None where no process is at work."""
    run: dict[str, Any] | None = None
    if found.beat is not None and found.running:
        beat = found.beat
        run = asdict(beat) | {
            "rate": beat.rate,
            "tokens_per_second": beat.tokens_per_second,
            "seconds_left": beat.left,
        }
    return {
        "recipe": found.recipe,
        "run": run,
        "steps": [step.as_json() for step in found.steps],
        "total": found.total.model_dump(),
    }


def _watch(look: Any, root: Path) -> None:
    from rich.live import Live

    console = _console()
    try:
        with Live(console=console, auto_refresh=False, vertical_overflow="visible") as screen:
            while True:
                found = look()
                screen.update(rendered(found, root), refresh=True)
                if not found.running:
                    return
                time.sleep(REFRESH)
    except KeyboardInterrupt:
        return


def rendered(found: Account, root: Path) -> RenderableType:
    """Run line, table of steps, reasons, totals."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [Text(run_line(found)), Text(), _table(found, root)]
    if any(step.rows and step.rows.reasons for step in found.steps):
        parts += [Text(), _reasons(found)]
    if any(step.translations for step in found.steps):
        parts += [Text(), _translations(found)]
    return Group(*parts, Text(), Text(f"{total_line(found)}\nfiles: {root}"))


def run_line(found: Account) -> str:
    """Which process is at work, on what, and how fast."""
    beat = found.beat
    if beat is None:
        return f"{found.recipe}: no run is going on"
    if not found.running:
        return f"{found.recipe}: the last run was killed at {beat.step or 'its start'}; its command goes on from there"
    since = beat.started.replace("T", " ").removesuffix("+00:00")
    line = (
        f"{found.recipe}: process {beat.pid} on {beat.host} is at {beat.step or 'its start'} (run started {since} UTC)"
    )
    return line if not beat.task else f"{line}\n  {pace(beat)}"


def _table(found: Account, root: Path) -> Any:
    from rich.table import Table
    from rich.text import Text

    priced = found.total.dollars is not None
    columns = ["step", "state", "in", "kept", "rejected", "failed", "tokens", "time", *(["US$"] if priced else [])]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="left" if column in ("step", "state") else "right", overflow="fold")
    table.add_column("folder", overflow="ellipsis", no_wrap=True, ratio=1)
    for step in found.steps:
        cells = [step.node.name, step.state, *_counts(step), *_cost(step, priced)]
        folder = str(step.folder.relative_to(root)) if step.folder else ""
        table.add_row(*[Text(cell, style=COLOURS.get(cell, "")) for cell in cells], Text(folder, style="dim"))
    return table


def _counts(step: StepAccount) -> list[str]:
    rows = step.rows
    return [f"{n:,}" for n in (rows.rows_in, rows.kept, rows.rejected, rows.failed)] if rows else [""] * 4


def _cost(step: StepAccount, priced: bool) -> list[str]:
    if step.folder is None:
        return [""] * (2 + priced)
    usage = step.usage
    tokens = usage.prompt_tokens + usage.completion_tokens
    dollars = [f"{usage.dollars:,.2f}" if usage.dollars else ""] if priced else []
    return [f"{tokens:,}" if tokens else "", time_text(usage.seconds), *dollars]


def _reasons(found: Account) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("step")
    table.add_column("sorted out because of", overflow="fold")
    table.add_column("rows", justify="right")
    table.add_column("of its input", justify="right")
    for step in found.steps:
        if step.rows is None:
            continue
        reasons = sorted(step.rows.reasons.items(), key=lambda item: (-item[1], item[0]))
        for number, (reason, count) in enumerate(reasons[:SHOWN_REASONS]):
            table.add_row(step.node.name if number == 0 else "", reason, f"{count:,}", share(count, step.rows.rows_in))
        if len(reasons) > SHOWN_REASONS:
            rest = sum(count for _, count in reasons[SHOWN_REASONS:])
            more = f"{len(reasons) - SHOWN_REASONS} more reasons"
            table.add_row("", more, f"{rest:,}", share(rest, step.rows.rows_in))
    return table


def _translations(found: Account) -> Any:
    """What the memory saved, and which rung of the ladder each text was done on."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("step")
    for column in ("texts needed", "generated", "found in this step", "in the memory", "tokens saved"):
        table.add_column(column, justify="right")
    table.add_column("by", overflow="fold")
    for step in found.steps:
        if (texts := step.translations) is None:
            continue
        numbers = texts["needed"], texts["generated"], texts["reused"]["step"], texts["reused"]["memory"]
        saved = f"{texts['saved_tokens']:,} ({100 * texts['saved_token_share']:.1f} %)"
        rungs = sorted(
            texts["units"].items(), key=lambda item: RUNGS.index(item[0]) if item[0] in RUNGS else len(RUNGS)
        )
        by = ", ".join(f"{name} {count:,}" for name, count in rungs if count)
        table.add_row(step.node.name, *[f"{number:,}" for number in numbers], saved, by)
    return table


def total_line(found: Account) -> str:
    """What everything in the store has cost so far."""
    done = sum(step.state == "done" for step in found.steps)
    return f"{done} of {len(found.steps)} steps done, {found.total}"


def _console() -> Any:
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(width=WITHOUT_TERMINAL, highlight=False)
