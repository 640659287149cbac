"""What a run ends with: a table of artifacts with rows, scores beside the base, and links."""

from __future__ import annotations

from typing import Any

from factory.commands.session import Session
from factory.commands.status import total_line
from factory.commands.table import print_table
from factory.graph.account import account
from factory.graph.nodes import Node
from factory.graph.run import Report
from factory.store import Manifest


def as_document(opened: Session, report: Report, pushed: dict[str, Any]) -> dict[str, Any]:
    """The run as JSON: what was built, pushed and measured."""
    return {
        "recipe": opened.loaded.recipe.name,
        "rehearsal": opened.rehearsal,
        "seconds": round(report.seconds, 2),
        "built": report.built,
        "kept": report.done,
        "total": account(opened.graph).total.model_dump(),
        "pushed": {name: {"url": p.url, "commit": p.commit, "changed": p.changed} for name, p in pushed.items()},
        "scores": [
            {"suite": node.artifact, "model": model_of(node), **(manifest.metrics if manifest else {})}
            for node, manifest in _evaluated(opened)
        ],
    }


def print_summary(opened: Session, report: Report, pushed: dict[str, Any]) -> None:
    rows = []
    for name, final in opened.graph.finals.items():
        manifest = Manifest.load(opened.graph.nodes[final].folder)
        if manifest is None:
            continue
        link = pushed.get(name)
        rows.append([name, manifest.kind, _size(manifest), _state(link), link.url if link else ""])
    rows += [[key, "", "", _state(p), p.url] for key, p in pushed.items() if key not in opened.graph.finals]
    print_table(f"{opened.loaded.recipe.name}", ["artifact", "kind", "made", "hub", "link"], rows)
    _print_scores(opened)
    built = f"{len(report.built)} steps built, {len(report.done)} kept"
    commits = sum(p.changed for p in pushed.values())
    print(f"\n{built}, {commits} commits, {report.seconds:.1f} s")
    print(f"in this store: {total_line(account(opened.graph))}")
    if opened.target.embedded and pushed:
        data = opened.store.root / "hub"
        print(f"The embedded Hub stops with this command; browse it again with: factory hub --data {data}")
    if opened.rehearsal:
        print(f"rehearsal of {opened.loaded.recipe.name}: every step ran; nothing here is the real thing")


def _print_scores(opened: Session) -> None:
    rows = []
    for node, manifest in _evaluated(opened):
        if manifest is None:
            continue
        scores = manifest.metrics["scores"]
        headline = scores[manifest.metrics["headline"]]
        interval = f"{headline['low']:.1f} to {headline['high']:.1f}" if "low" in headline else ""
        others = [
            f"{name} {score['value']:.1f}" for name, score in scores.items() if name != manifest.metrics["headline"]
        ]
        rows.append(
            [
                node.artifact,
                model_of(node),
                headline["name"],
                f"{headline['value']:.1f}",
                interval,
                headline.get("n", ""),
                ", ".join(others[:4]),
            ]
        )
    if rows:
        print()
        columns = ["evaluation", "model", "score", "value", "95 % interval", "n", "also"]
        title = "scores of stand-ins: they say nothing" if opened.rehearsal else "scores, measured in this store"
        print_table(title, columns, rows, right=["value", "n"])


def model_of(node: Node) -> str:
    """The model that an evaluation node scores, as the recipe writes it."""
    return node.name.removeprefix(f"{node.artifact}/")


def _evaluated(opened: Session) -> list[tuple[Node, Manifest | None]]:
    return [(node, Manifest.load(node.folder)) for node in opened.graph.nodes.values() if node.kind == "evaluation"]


def _state(pushed: Any) -> str:
    return "" if pushed is None else "pushed" if pushed.changed else "up to date"


def _size(manifest: Manifest) -> str:
    if manifest.rows is not None:
        counts = manifest.rows
        return (
            f"{counts.kept:,} of {counts.rows_in:,} rows" if counts.rows_in != counts.kept else f"{counts.kept:,} rows"
        )
    parameters = manifest.metrics.get("parameters")
    return f"{parameters / 1e6:,.1f} M parameters" if parameters else ""
