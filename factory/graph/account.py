"""What every step of a recipe has done so far: from manifests, from the ledgers of unfinished steps, from the run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.graph.nodes import Graph, Node
from factory.graph.plan import NodePlan, make_plan
from factory.rows.translations import summary
from factory.step.progress import Beat, last_beat
from factory.store import Ledger, Manifest, RowCounts, Usage
from factory.text.figures import time_text


@dataclass(frozen=True)
class StepAccount:
    """One step. `state` is a plan's (done, resume, new, changed) or `running`; counts are those so far.

    `translations`, of a step that translates: what `factory.rows.translations` makes of its texts.
    """

    node: Node
    state: str
    folder: Path | None = None
    rows: RowCounts | None = None
    usage: Usage = field(default_factory=Usage)
    translations: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"step": self.node.name, "state": self.state}
        if self.rows is not None:
            found |= self.rows.model_dump(by_alias=True)
        if self.folder is not None:
            found |= {"folder": str(self.folder), **self.usage.model_dump()}
        if self.translations is not None:
            found["translations"] = self.translations
        return found


@dataclass(frozen=True)
class Account:
    """All steps in their order, the process at work if there is one, and whether the last one was killed."""

    recipe: str
    steps: list[StepAccount]
    beat: Beat | None
    running: bool

    @property
    def total(self) -> Usage:
        """What all steps together read, wrote, took and cost so far."""
        total = Usage()
        for step in self.steps:
            total.add(step.usage)
        return total


def account(graph: Graph) -> Account:
    """Read the store; takes no lock and writes nothing, so that a run going on is not disturbed."""
    name = graph.loaded.recipe.name
    beat = last_beat(graph.store, name)
    running = beat is not None and beat.alive
    steps = [_step(graph, plan, beat if running else None) for plan in make_plan(graph).nodes.values()]
    return Account(name, steps, beat, running)


def _step(graph: Graph, plan: NodePlan, beat: Beat | None) -> StepAccount:
    node, manifest = plan.node, plan.manifest
    if plan.state == "done" and manifest is not None:
        return _done(node, manifest)
    partial = graph.store.partial(node.folder)
    running = beat is not None and beat.step == node.name
    if not partial.is_dir():
        manifest = Manifest.load(node.folder)  # it may have been finished since the plan was made
        if manifest is not None:
            return _done(node, manifest)
        return StepAccount(node, "running" if running else plan.state)
    rows, usage = so_far(partial)
    if running and beat is not None:
        usage.seconds += beat.seconds
    return StepAccount(node, "running" if running else "resume", partial, rows, usage, translations_so_far(partial))


def _done(node: Node, manifest: Manifest) -> StepAccount:
    found = manifest.metrics.get("translations")
    return StepAccount(
        node, "done", node.folder, manifest.rows, manifest.usage, found if found and "units" in found else None
    )


def translations_so_far(partial: Path) -> dict[str, Any] | None:
    """Those of whole shards; None for a step that translates nothing, or has not finished one."""
    totals: Counter[str] = Counter()
    for entry in _entries(partial / "ledger.jsonl"):
        if isinstance(entry.get("totals"), dict):
            totals.update(entry["totals"])
    return summary(totals) if "needed" in totals else None


def so_far(partial: Path) -> tuple[RowCounts | None, Usage]:
    """Rows and cost by the ledger of a step that is not finished; rows are None for one that counts none.

    Whole shards only: what is in flight is not in the ledger. A lost folder (the step was finished this moment) is
    one without counts.
    """
    rows, usage = RowCounts.model_validate({}), Usage()
    found = False
    for entry in _entries(partial / "ledger.jsonl"):
        counts = entry.get("rows")
        if isinstance(counts, dict):
            rows.add(RowCounts.model_validate(counts))
        elif isinstance(counts, int):  # sources and mixes write down what they wrote
            rows.add(RowCounts.model_validate({"in": counts, "kept": counts}))
        found = found or counts is not None
        if isinstance(entry.get("usage"), dict):
            usage.add(Usage.model_validate(entry["usage"]))
    usage.seconds = sum(entry.get("seconds", 0.0) for entry in _entries(partial / "attempts.jsonl"))
    return (rows if found else None), usage


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        return list(Ledger.read(path))
    except FileNotFoundError:
        return []


def pace(beat: Beat) -> str:
    """``1,200 of 40,000 rows, 33.2 rows/s, 1,203 tokens/s, 20 min left for this step``."""
    of = f" of {beat.total:,}" if beat.total else ""
    parts = [f"{beat.done:,}{of} {beat.unit}"]
    if beat.rate:
        parts.append(f"{beat.rate:,.1f} {beat.unit}/s")
    if beat.tokens_per_second:
        parts.append(f"{beat.tokens_per_second:,.0f} tokens/s")
    if beat.left is not None:
        parts.append(f"{time_text(beat.left)} left for this step")
    return ", ".join(parts)
