"""`factory thresholds`: what each limit of a check would drop, from the scores of finished filters or of any pairs."""

from pathlib import Path
from typing import Any

from factory.arrays import np
from factory.checks.base import Check
from factory.commands.check import processes_for
from factory.commands.session import Choice, Session
from factory.commands.table import print_json, print_table
from factory.errors import FactoryError
from factory.look.pairs import Pairs
from factory.look.percentiles import SHARES, suggest
from factory.step.progress import Progress
from factory.steps.filter import Filter
from factory.store import Dataset, Manifest
from factory.store.columns import read_columns


def suggest_for_pairs(pairs: Pairs, rows: int, *, processes: int | None = None, as_json: bool = False) -> None:
    """Score the first `rows` rows and print the table.

    Raises:
        UsageError: a column is not there.
        FactoryError: the rows cannot be read.
    """
    step = pairs.prepared(rows)
    found: dict[str, list[Any]] = {check.name: [] for check in step.checks}
    progress = Progress(quiet=as_json)
    with progress.task(f"score {pairs.rows.ref}"):
        for batch, outcomes in pairs.judged(step, processes_for(pairs.rows, processes), rows):
            for name, parts in found.items():
                values = [outcome.scores.get(name) for outcome in outcomes]
                parts.append(np.array([np.nan if value is None else value for value in values], dtype=np.float32))
            progress.advance(len(batch))
    entries = [suggest(check, np.concatenate(found[check.name])) for check in step.checks]
    _show({pairs.rows.ref: entries}, as_json)


def suggest_for_recipe(recipe: Path, store: Path, hub: Choice, *, as_json: bool = False) -> None:
    """Read the scores that the recipe's finished filters left beside their rows, kept and rejected, and print tables.

    Raises:
        FactoryError: no filter of the recipe is finished, or none kept its scores.
    """
    tables: dict[str, list[dict[str, Any]]] = {}
    with Session(recipe, store, hub).open() as opened:
        nodes = [node for node in opened.graph.nodes.values() if isinstance(node.step, Filter)]
        for node in nodes:
            if isinstance(node.step, Filter) and Manifest.load(node.folder) is not None:
                tables[node.name] = [suggest(check, _kept_scores(node.folder, check)) for check in node.step.checks]
    tables = {name: entries for name, entries in tables.items() if any(entry["n"] for entry in entries)}
    if not tables:
        what = "no finished `filter` with scores" if nodes else "the recipe has no `filter`"
        raise FactoryError(
            what, where=str(recipe), fix="build it first, with keep_scores: true, or give a file of pairs"
        )
    _show(tables, as_json)


def _kept_scores(folder: Path, check: Check) -> Any:
    name, data = f"score_{check.name}", Dataset(folder)
    parts: list[Any] = [np.empty(0)]
    for part in ("data", "rejected"):
        for split in data.splits:
            for path in data.shards(split, part):
                table = read_columns(path, None)
                if name in table.column_names:
                    parts.append(table[name].to_numpy(zero_copy_only=False))
    return np.concatenate(parts)


def _show(tables: dict[str, list[dict[str, Any]]], as_json: bool) -> None:
    if as_json:
        print_json([{"of": name, "checks": entries} for name, entries in tables.items()])
        return
    for name, entries in tables.items():
        columns = ["check", "n", "limit now", "drops", *(f"{100 * share:g} %" for share in SHARES)]
        rows = []
        for entry in entries:
            limits = [f"{e['limit']:g} ({100 * e['drops']:.2g} %)" for e in entry["limits"]]
            limit = f"{entry['direction']} {entry['limit']:g}"
            rows.append([entry["check"], entry["n"], limit, f"{100 * entry['drops']:.2f} %", *limits])
        title = f"{name}: the strictest limit that drops at most this share of the rows (and what it drops)"
        print_table(title, columns, rows, right=columns[1:])
