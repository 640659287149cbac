"""`factory status`: what is done, running, rejected and why, what it cost, and where the files are."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from factory.commands.session import Session
from factory.commands.table import COLOURS, print_json, table
from factory.graph.account import Account, StepAccount, account, pace
from factory.publishing.cards.text import share
from factory.text.figures import time_text

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


def _table(found: Account, root: Path) -> Table:
    priced = found.total.dollars is not None
    numbers = ["in", "kept", "rejected", "failed", "tokens", "time", *(["US$"] if priced else [])]
    made = table(["step", "state", *numbers], [], right=numbers)
    made.add_column("folder", overflow="ellipsis", no_wrap=True, ratio=1)
    for step in found.steps:
        cells = [step.node.name, step.state, *_counts(step), *_cost(step, priced)]
        folder = str(step.folder.relative_to(root)) if step.folder else ""
        made.add_row(*[Text(cell, style=COLOURS.get(cell, "")) for cell in cells], Text(folder, style="dim"))
    return made


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


def _reasons(found: Account) -> Table:
    rows = []
    for step in found.steps:
        if step.rows is None:
            continue
        reasons = sorted(step.rows.reasons.items(), key=lambda item: (-item[1], item[0]))
        said = reasons[:SHOWN_REASONS]
        if rest := reasons[SHOWN_REASONS:]:
            said.append((f"{len(rest)} more reasons", sum(count for _, count in rest)))
        for number, (reason, count) in enumerate(said):
            rows.append(["" if number else step.node.name, reason, f"{count:,}", share(count, step.rows.rows_in)])
    return table(["step", "sorted out because of", "rows", "of its input"], rows, right=["rows", "of its input"])


def _translations(found: Account) -> Table:
    """What the memory saved, and which rung of the ladder each text was done on."""
    columns = ["texts needed", "generated", "found in this step", "in the memory", "tokens saved"]
    rows = []
    for step in found.steps:
        if (texts := step.translations) is None:
            continue
        numbers = texts["needed"], texts["generated"], texts["reused"]["step"], texts["reused"]["memory"]
        saved = f"{texts['saved_tokens']:,} ({100 * texts['saved_token_share']:.1f} %)"
        rungs = sorted(
            texts["units"].items(), key=lambda item: RUNGS.index(item[0]) if item[0] in RUNGS else len(RUNGS)
        )
        by = ", ".join(f"{name} {count:,}" for name, count in rungs if count)
        rows.append([step.node.name, *[f"{number:,}" for number in numbers], saved, by])
    return table(["step", *columns, "by"], rows, right=columns)


def total_line(found: Account) -> str:
    """What everything in the store has cost so far."""
    done = sum(step.state == "done" for step in found.steps)
    return f"{done} of {len(found.steps)} steps done, {found.total}"


def _console() -> Any:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(width=WITHOUT_TERMINAL, highlight=False)
