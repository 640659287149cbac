"""The card of a dataset: `configs` that load, the account of its rows with examples sorted out, and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from factory.graph import lineage
from factory.graph.account import Account
from factory.graph.lineage import Lineage, Made
from factory.graph.nodes import Graph
from factory.graph.origins import Share, Untold, counted_share
from factory.publishing.cards import facts as card_facts
from factory.publishing.cards.examples import example
from factory.publishing.cards.family import LINEAGE_PICTURE, lineage_picture
from factory.publishing.cards.ratings import Rating, ratings
from factory.publishing.cards.safety import SAFETY_PICTURE, judged_pictures
from factory.publishing.cards.spoken import LOOKED_AT, languages_in
from factory.publishing.cards.text import render
from factory.publishing.dataset_files import DatasetFiles, Part
from factory.publishing.withheld import shows_no_texts
from factory.store import Dataset, RowCounts, Store, Usage
from factory.store.columns import pairs_of
from factory.store.votes import load_votes

SIZES = [
    (1e3, "n<1K"),
    (1e4, "1K<n<10K"),
    (1e5, "10K<n<100K"),
    (1e6, "100K<n<1M"),
    (1e7, "1M<n<10M"),
    (1e8, "10M<n<100M"),
]
SHOWN_ROWS = 3
SHOWN_REJECTS = 2  # for each reason
SHOWN_REASONS = 8
SHOWN_COLUMNS = 6
TRANSLATING = {"translate", "backtranslate"}


@dataclass(frozen=True)
class AccountLine:
    """One line of the table of what each step kept."""

    title: str
    rows: RowCounts | None
    reasons: list[tuple[str, int]]
    examples: dict[str, list[dict[str, str]]]
    percentiles: dict[str, dict[str, float]]
    usage: Usage = field(default_factory=Usage)

    @property
    def columns(self) -> list[str]:
        """Of the examples, each translation right after its source."""
        names = dict.fromkeys(n for rows in self.examples.values() for row in rows for n in row if n != "reason")
        partner = dict(pairs_of(list(names)))
        order = [n for name in names if name not in partner.values() for n in (name, partner.get(name)) if n]
        return order[:SHOWN_COLUMNS]


def account_lines(history: Lineage) -> list[AccountLine]:
    """Every dataset step that rows went through with its accounts; `rows` is None for one that is not done.

    Texts that a safety judge was yet to see, or did not find safe, are no examples.
    """
    lines, judged = [], history.judged
    for step in history.rows:
        if step.node.kind != "dataset":
            continue
        manifest = step.manifest
        rows = manifest.rows if manifest else None
        metrics = manifest.metrics if manifest else {}
        reasons = sorted(rows.reasons.items(), key=lambda item: (-item[1], item[0])) if rows else []
        shown = {reason for reason, _ in reasons[:SHOWN_REASONS]}
        examples = {
            reason: found[:SHOWN_REJECTS] for reason, found in metrics.get("examples", {}).items() if reason in shown
        }
        examples = {} if judged and shows_no_texts(history, step) else examples
        usage = manifest.usage if manifest else Usage()
        lines.append(AccountLine(step.node.name, rows, reasons, examples, metrics.get("percentiles", {}), usage))
    return lines


def _counted(line: AccountLine, so_far: Account) -> AccountLine:
    step = next((step for step in so_far.steps if step.node.name == line.title), None)
    if line.rows is not None or step is None or step.rows is None:
        return line
    reasons = sorted(step.rows.reasons.items(), key=lambda item: (-item[1], item[0]))
    return replace(line, rows=step.rows, reasons=reasons, usage=step.usage)


def translations(chain: list[Made]) -> dict[str, dict[str, Any]]:
    """What each `translate` step of the chain says of its units, by the step's title."""
    found = {made.node.name: made.manifest.metrics.get("translations") for made in chain if made.manifest}
    return {title: counts for title, counts in found.items() if counts and "units" in counts}


def size_category(rows: int) -> str:
    """The Hub's bucket for a number of rows.

    >>> size_category(999), size_category(1000), size_category(405_000)
    ('n<1K', '1K<n<10K', '100K<n<1M')
    """
    return next((label for limit, label in SIZES if rows < limit), "n>100M")


def dataset_card(graph: Graph, name: str, history: Lineage, files: DatasetFiles, so_far: Account | None = None) -> str:
    """The whole README.md. Before the dataset is built its measured parts say so; `so_far` has what is counted yet."""
    facts = card_facts.common(graph, name, history)
    parts = files.kept
    read = parts[0].first_rows(LOOKED_AT) if parts else []
    spoken = languages_in(read, card_facts.both_languages(graph))
    shown = islice(Dataset(history.final.folder).rows(parts[0].split), SHOWN_ROWS) if parts else ()
    header = _metadata(graph, name, facts, history, files, spoken)
    lines = account_lines(history)
    if so_far is not None and not facts["done"]:
        lines = [_counted(line, so_far) for line in lines]
    return render(
        "dataset.md",
        header,
        **facts,
        kind="dataset",
        parts=parts,
        rejected=files.rejected,
        rows=files.rows,
        columns=_columns(parts),
        languages=card_facts.language_names(spoken),
        examples=[*map(example, shown)],
        account=lines,
        account_begun=any(line.rows for line in lines),
        verbs={made.node.step.verb for made in history.rows},
        translations=translations(history.rows),
        ratings=_ratings(graph.store, history.final.fingerprint),
        origins=_origins(graph, name) if facts["done"] else None,
        gates=graph.loaded.recipe.datasets[name].gates,
        judged_pictures=judged_pictures(history.rows) if history.judged else [],
        safety_picture=SAFETY_PICTURE,
        withheld=history.judged,
        lineage_picture=LINEAGE_PICTURE if lineage_picture(graph, history.everything) else None,
    )


def _ratings(store: Store, fingerprint: str) -> list[Rating]:
    """What the votes about this very artifact come to; nothing where there are none."""
    return ratings(load_votes(store, fingerprint)) if store.votes(fingerprint).is_file() else []


def _origins(graph: Graph, name: str) -> Share | None:
    """Rows by origin, where the recipe says anything about it and files tell."""
    if not any(spec.origin for spec in graph.loaded.recipe.datasets.values()):
        return None
    try:
        found = counted_share(graph, name)
    except Untold:
        return None
    return found if found.authentic else None


def _columns(parts: list[Part]) -> list[tuple[str, str]]:
    if not parts:
        return []
    return [(field.name, str(field.type)) for field in parts[0].features.arrow_schema]


def _metadata(
    graph: Graph, name: str, facts: dict[str, Any], history: Lineage, files: DatasetFiles, spoken: Sequence[str]
) -> dict[str, Any]:
    verbs = {made.node.step.verb for made in history.everything}
    translated = bool(verbs & TRANSLATING)
    hub_sources = [lineage.hub_source(made.node) for made in history.rows]
    sources = dict.fromkeys(repo for repo, _ in filter(None, hub_sources))
    header: dict[str, Any] = {
        "pretty_name": facts["title"],
        **card_facts.languages(spoken),
        **facts["license"].card,
        "task_categories": ["text-generation", *(["translation"] if translated else [])],
        "tags": card_facts.tags(graph, name, stand_in=facts["stand_in"]),
    }
    if files.kept:
        header["size_categories"] = [size_category(files.rows)]
    if sources:
        header["source_datasets"] = [f"extended|{source}" for source in sources]
    return header | (files.metadata() if files.kept else {})
