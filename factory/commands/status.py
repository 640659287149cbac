"""`factory status`: what is done, in progress, rejected, and where the files are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from factory.commands.session import session
from factory.commands.table import print_json, print_table
from factory.hub.target import Choice
from factory.plan import NodePlan, make_plan
from factory.store import Store


def show_status(recipe: Path, store: Path, hub: Choice, *, as_json: bool = False) -> None:
    with session(recipe, store, hub) as opened:
        plan = make_plan(opened.graph)
        entries = [_entry(entry, opened.store) for entry in plan.nodes.values()]
    if as_json:
        print_json(entries)
        return
    columns = ["step", "state", "in", "kept", "rejected", "failed", "seconds", "folder"]
    rows = [[entry.get(column, "") for column in columns] for entry in entries]
    print_table(f"{opened.loaded.recipe.name}", columns, rows, right=columns[2:7])


def _entry(plan: NodePlan, store: Store) -> dict[str, Any]:
    entry: dict[str, Any] = {"step": plan.node.name, "state": plan.state}
    if plan.state == "done" and plan.manifest is not None:
        rows = plan.manifest.rows
        if rows is not None:
            entry |= {"in": rows.rows_in, "kept": rows.kept, "rejected": rows.rejected, "failed": rows.failed}
            entry["reasons"] = rows.reasons
        entry |= {"seconds": round(plan.manifest.usage.seconds, 1), "folder": str(plan.node.folder)}
    elif (partial := store.partial(plan.node.folder)).is_dir():
        entry |= {"state": "resume", "folder": str(partial), **_partial_counts(partial)}
    return entry


def _partial_counts(partial: Path) -> dict[str, int]:
    """What the ledger of an unfinished dataset step has counted so far."""
    from factory.store import Ledger

    path = partial / "ledger.jsonl"
    if not path.is_file():
        return {}
    counts = {"in": 0, "kept": 0, "rejected": 0, "failed": 0}
    for entry in Ledger.read(path):
        found = entry.get("counts", entry)
        for key in counts:
            counts[key] += int(found.get(key, 0) or 0)
    return counts
