"""`factory status`: what is done, running, rejected and why, what it cost, and where the files are."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from factory.commands.session import Session
from factory.commands.table import Grid, console_of_width, grid, print_json
from factory.graph.account import Account, StepAccount, account, pace
from factory.publishing.cards.text import share
from factory.step.progress import Beat
from factory.step.run_log import log_file
from factory.text.figures import counted, time_text

REFRESH = 2.0  # seconds
RUNGS = ("first", "retry", "smaller", "fallback", "name", "rejected")  # of the ladder, in the order they are tried
SHOWN_REASONS = 6  # of a step
SHOWN_WAIT, SHOWN_STILL = 2.0, 60.0  # seconds of waiting, and without progress, that are worth a line


def show_status(session: Session, *, as_json: bool = False, watch: bool = False) -> None:
    """Print the account as it stands; with `watch` again and again until the run is over or Ctrl-C."""
    with session.open() as opened:
        if as_json:
            log = log_file(opened.store.root, opened.graph.loaded.recipe.name)
            print_json(as_document(account(opened.graph)) | {"log": str(log) if log.is_file() else None})
        elif watch:
            _watch(lambda: account(opened.graph), opened.store.root)
        else:
            console_of_width().print(rendered(account(opened.graph), opened.store.root))


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


def _watch(look: Callable[[], Account], root: Path) -> None:
    """Until the run that is going on, or that begins while somebody waits, is over."""
    first, begun, console = look(), False, console_of_width()
    found = first
    try:
        with Live(console=console, auto_refresh=False, transient=True) as screen:
            while True:
                found = look()
                begun = begun or found.running or found.total != first.total  # it may have ended between two looks
                waiting = [] if begun else [Text("waiting for a run to begin; Ctrl-C ends this", style="dim")]
                screen.update(Group(*waiting, watched(found, root, console, console.height - 2)), refresh=True)
                if begun and not found.running:
                    break
                time.sleep(REFRESH)
    except KeyboardInterrupt:
        pass
    console.print(rendered(found, root))


def watched(found: Account, root: Path, console: Console, lines: int) -> RenderableType:
    """The account in so many lines, as what is higher than its terminal is not redrawn in place but written anew.

    Where all of it does not fit, it is the steps from the one before the first that is not done, and the totals.
    """
    whole = rendered(found, root)
    if not console.is_terminal or len(console.render_lines(whole, pad=False)) <= lines:
        return whole
    above, below = Text(run_line(found)), Text(f"\n{total_line(found)}")
    room = max(lines - sum(len(console.render_lines(part, pad=False)) for part in (above, below)) - 3, 1)
    open_ones = (place for place, step in enumerate(found.steps) if step.state != "done")
    first = max(min(next(open_ones, len(found.steps)) - 1, len(found.steps) - room), 0)
    table = _table(replace(found, steps=found.steps[first : first + room]), root)
    after = len(found.steps) - first - room
    rest = f"{counted(first, 'step')} before these, {counted(max(after, 0), 'step')} after"
    return Group(above, Text(), table, Text(rest, style="dim"), below)


def rendered(found: Account, root: Path) -> RenderableType:
    """Run line, table of steps, reasons, totals."""
    parts: list[RenderableType] = [Text(run_line(found)), Text(), _table(found, root)]
    if any(step.rows and step.rows.reasons for step in found.steps):
        parts += [Text(), _reasons(found)]
    if any(step.translations for step in found.steps):
        parts += [Text(), _translations(found)]
    log = log_file(root, found.recipe)
    kept = f"\nlog: {log}" if log.is_file() else ""
    return Group(*parts, Text(), Text(f"{total_line(found)}\nfiles: {root}{kept}"))


def run_line(found: Account) -> str:
    """Which process is at work, on what, and how fast."""
    beat = found.beat
    if beat is None:
        return f"{found.recipe}: no run is going on"
    if not found.running:
        return f"{found.recipe}: the last run was killed at {beat.step or 'its start'}; its command goes on from there"
    began = _moment(beat.started)
    line = f"{found.recipe}: process {beat.pid} on {beat.host} is at {beat.step or 'its start'} (run started {began})"
    return "\n  ".join([line, *([pace(beat)] if beat.task else []), *_held_up(beat)])


def _held_up(beat: Beat) -> Iterator[str]:
    """What a run waits for, and for how long nothing has come of it."""
    now = datetime.fromisoformat(beat.updated)
    for what, since in beat.waits.items():
        if (seconds := (now - datetime.fromisoformat(since)).total_seconds()) >= SHOWN_WAIT:
            yield f"waiting for {what}: since {_moment(since)}, {time_text(seconds)}"
    if beat.still >= SHOWN_STILL:
        moved = now - timedelta(seconds=beat.still)
        yield f"nothing new since {_moment(moved.isoformat())}, {time_text(beat.still)}"


def _moment(iso: str) -> str:
    return f"{iso[:19].replace('T', ' ')} UTC"


def _table(found: Account, root: Path) -> Grid:
    priced = found.total.dollars is not None
    counts, costs = ["in", "kept", "rejected", "failed"], ["tokens", "time", *(["US$"] if priced else [])]
    rows = []
    for step in found.steps:
        folder = str(step.folder.relative_to(root)) if step.folder else ""
        rows.append([step.node.name, step.state, *_counts(step), *_cost(step, priced), folder])
    numbers = [*counts, *costs]
    return grid(["step", "state", *numbers, "folder"], rows, right=numbers, spare=["folder", *reversed(costs)])


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


def _reasons(found: Account) -> Grid:
    rows = []
    for step in found.steps:
        if step.rows is None:
            continue
        reasons = sorted(step.rows.reasons.items(), key=lambda item: (-item[1], item[0]))
        said = reasons[:SHOWN_REASONS]
        if rest := reasons[SHOWN_REASONS:]:
            said.append((counted(len(rest), "more reason"), sum(count for _, count in rest)))
        for number, (reason, count) in enumerate(said):
            rows.append(["" if number else step.node.name, reason, f"{count:,}", share(count, step.rows.rows_in)])
    return grid(["step", "sorted out because of", "rows", "of its input"], rows, right=["rows", "of its input"])


def _translations(found: Account) -> Grid:
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
    return grid(["step", *columns, "by"], rows, right=columns, spare=columns[::-1], texts=["by"])


def total_line(found: Account) -> str:
    """What everything in the store has cost so far."""
    done = sum(step.state == "done" for step in found.steps)
    return f"{done} of {len(found.steps)} steps done, {found.total}"
