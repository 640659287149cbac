"""The leaderboard of a recipe: what was measured of its models, and what papers report beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from factory.estimate.sizes import in_name, of_folder
from factory.evaluate.base import Suite
from factory.evaluate.board import BoardEntry
from factory.evaluate.ranking import Cell, Column, Row, Section, Table
from factory.evaluate.reported import reported_tables
from factory.evaluate.suites import suites
from factory.graph import lineage
from factory.graph.licenses import effective
from factory.graph.nodes import Graph
from factory.graph.terms import computed
from factory.hub.push import read_record
from factory.publishing.cards.facts import page
from factory.recipe import ModelSpec
from factory.refs import is_hub_ref
from factory.step.base import Source

OVERVIEW = "all benchmarks"
MEASURED = "Measured here"
KINDS = {
    "init": "pretrained",
    "pretrain": "pretrained",
    "expand_vocab": "expanded",
    "sft": "tuned",
    "dpo": "aligned",
    "merge": "merged",
    "quantize": "quantized",
}
"""Verb that was last -> what that makes of a model."""

LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")

Facts = Callable[[str], Mapping[str, Any]]
"""A model, as entries name it -> the fields of its `Row` but for scores and date."""


def recipe_tables(graph: Graph) -> list[Table]:
    """A table for all that was measured where that are several suites, one a suite, and those of papers beside them.

    A paper's table stands under the suite that measures the same, or alone if the recipe follows the paper. What the
    recipe itself quotes stands under suites that no paper's whole table is known of.
    """
    measured = measured_tables(lineage.board(graph), lambda model: model_facts(graph, model))
    tables = {table.name: table for table in measured}
    whole = overview(measured)
    evaluate = graph.loaded.recipe.evaluate
    for stated in reported_tables():
        suites_alike = [name for name, suite in evaluate.items() if suite.verb == stated.suite]
        if suites_alike or stated.paper == graph.loaded.recipe.paper:
            name = stated.suite if stated.suite in suites_alike else next(iter(suites_alike), stated.table.name)
            sections = [replace(section, rows=tuple(map(sized, section.rows))) for section in stated.table.sections]
            _add(tables, replace(stated.table, name=name, sections=tuple(sections)))
    for name in evaluate:
        if name not in tables or all(section.origin == "measured" for section in tables[name].sections):
            for quoted in _quoted(graph, name, tables.get(name)):
                _add(tables, quoted)
    return [*([whole] if whole else []), *tables.values()]


def _add(tables: dict[str, Table], more: Table) -> None:
    """Put a table's sections, and columns that are new, behind those of the table of the same name."""
    known = tables.get(more.name, Table(more.name, (), ()))
    names = {column.name for column in known.columns}
    columns = [*known.columns, *(column for column in more.columns if column.name not in names)]
    tables[more.name] = Table(more.name, tuple(columns), (*known.sections, *more.sections))


def measured_tables(entries: Iterable[BoardEntry], facts: Facts) -> list[Table]:
    """A table of each suite. What was measured by different protocols stands in different sections."""
    found: dict[str, dict[str, list[BoardEntry]]] = {}
    for entry in entries:
        found.setdefault(entry.suite, {}).setdefault(entry.protocol, []).append(entry)
    return [_suite_table(name, list(protocols.values()), facts) for name, protocols in found.items()]


def _suite_table(name: str, protocols: Sequence[Sequence[BoardEntry]], facts: Facts) -> Table:
    entries = [entry for protocol in protocols for entry in protocol]
    columns: dict[str, Column] = {}
    for entry in entries:
        benchmarks = _benchmarks(entry)
        for benchmark in benchmarks:
            score = entry.scores[benchmark]
            averaged = entry.headline not in benchmarks
            column = Column(benchmark, score.get("metric", ""), score.get("higher_is_better", True), averaged)
            columns.setdefault(benchmark, column)
    titles = _titles([protocol[0].details for protocol in protocols])
    sections = [
        Section(title, "measured", tuple(_row(entry, facts) for entry in protocol))
        for title, protocol in zip(titles, protocols, strict=True)
    ]
    return Table(name, tuple(columns.values()), tuple(sections))


def _benchmarks(entry: BoardEntry) -> dict[str, dict[str, float]]:
    suite = suites().get(entry.details.get("suite", ""), Suite)
    return suite.board_columns(entry.metrics)


def _titles(protocols: Sequence[Mapping[str, Any]]) -> list[str]:
    """What sets each protocol apart from the others, in the words of its parameters."""
    names = dict.fromkeys(key for protocol in protocols for key, value in protocol.items() if _is_plain(value))
    apart = [name for name in names if len({str(protocol.get(name)) for protocol in protocols}) > 1]
    said = [", ".join(f"{name} {protocol.get(name)}" for name in apart) for protocol in protocols]
    return [MEASURED + (f": {text}" if text else "") for text in said]


def _is_plain(value: Any) -> bool:
    return isinstance(value, int | float | str | None) and len(str(value)) <= 40


def _row(entry: BoardEntry, facts: Facts) -> Row:
    benchmarks = _benchmarks(entry)
    cells = {name: _cell(entry.scores[name], parts) for name, parts in benchmarks.items()}
    average = None if entry.headline in benchmarks else _cell(entry.scores[entry.headline])
    return Row(**{"model": entry.label, **facts(entry.model)}, cells=cells, average=average, date=entry.measured[:10])


def _cell(score: Mapping[str, Any], parts: Mapping[str, float] | None = None) -> Cell:
    return Cell(score["value"], score.get("low"), score.get("high"), score.get("n"), parts or {})


def overview(tables: Sequence[Table]) -> Table | None:
    """A column for each of several suites: its average, or else its first column; scores in percent are averaged.

    None where there are not several, or one of them was measured by several protocols.
    """
    if len(tables) < 2 or any(len(table.sections) != 1 for table in tables):
        return None
    rows: dict[str, Row] = {}
    for table in tables:
        for row in table.sections[0].rows:
            cell = row.average if table.averaged else row.cells.get(table.columns[0].name)
            known = rows.setdefault(row.model, replace(row, cells={}, average=None))
            if cell is not None:
                newer = max(known.date, row.date)
                rows[row.model] = replace(known, cells={**known.cells, table.name: cell}, date=newer)
    firsts = [table.columns[0] for table in tables]
    columns = [
        replace(first, name=table.name, averaged="accuracy" in first.metric)
        for first, table in zip(firsts, tables, strict=True)
    ]
    if sum(column.averaged for column in columns) < 2:
        columns = [replace(column, averaged=False) for column in columns]
    return Table(OVERVIEW, tuple(columns), (Section(MEASURED, "measured", tuple(rows.values())),))


def model_facts(graph: Graph, reference: str) -> dict[str, Any]:
    """What a row says of a model of the recipe, or of one that a ref names: by manifests, and asking nobody."""
    recipe, node = graph.loaded.recipe, graph.final(reference)
    repo = reference.partition("@")[0] if is_hub_ref(reference) else None
    if reference in recipe.models and lineage.is_pushed(graph, reference):
        repo = recipe.repo_id(reference)
    weights = of_folder(node.folder / "model")
    size = weights or in_name(repo or reference)
    found: dict[str, Any] = {
        "model": repo or reference,
        "parameters": int(size) if size else None,
        "nominal": bool(size and not weights),
        "link": page("model", repo) if repo else "",
    }
    if reference not in recipe.models:
        licenses = [link.license for link in effective(graph, reference).chain] or [None]  # its own, then its bases'
        source = lineage.hub_source(node)
        starts = {spec.base for spec in recipe.models.values()}
        return found | {
            "license": computed(licenses) or licenses[0] or "",
            "kind": "base" if reference in starts else "",
            "revision": source[1] if source else "",
        }
    return found | {
        "license": effective(graph, reference).license or "",
        "kind": _kind(graph, recipe.models[reference], reference),
        "base": next(iter(lineage.base_models(graph, reference)), ""),
        "revision": str(read_record(node.folder).get("commit") or node.fingerprint[:12]),
    }


def _kind(graph: Graph, spec: ModelSpec, name: str) -> str:
    verbs = [step.verb for step in spec.steps if not isinstance(step, Source)]
    known = [KINDS[verb] for verb in verbs if verb in KINDS]
    return known[-1] if known else ""


def _section(source: str, rows: Sequence[Row]) -> Section:
    """Scores that a recipe quotes: `source` is Markdown, of which a link becomes the section's own."""
    link = LINK.search(source)
    title = LINK.sub(r"\1", source)
    return Section(title, "reported", tuple(rows), source=link[2] if link else "")


def sized(row: Row) -> Row:
    """The row with the parameters that its name states, if nobody states them better."""
    size = in_name(row.model)
    return row if row.parameters or not size else replace(row, parameters=int(size), nominal=True)


def _quoted(graph: Graph, suite: str, table: Table | None) -> list[Table]:
    """The scores that `reported:` of the recipe's models states on a suite, a table for each source.

    A score that is stated of the suite alone is its average, or else its first column.
    """
    by_source: dict[str, list[Row]] = {}
    averaged = bool(table and table.averaged)
    first = table.columns[0].name if table else "score"
    for name, spec in graph.loaded.recipe.models.items():
        scores = {key: Cell(value) for key, value in (spec.reported.scores if spec.reported else {}).items()}
        mean = scores.get(suite)
        cells = {key.removeprefix(f"{suite}."): cell for key, cell in scores.items() if key.startswith(f"{suite}.")}
        if mean and not averaged:
            cells = {first: mean} | cells
        if spec.reported and (cells or mean):
            facts: dict[str, Any] = {**model_facts(graph, name), "revision": ""}
            row = Row(**facts, cells=cells, average=mean if averaged else None)
            by_source.setdefault(spec.reported.source, []).append(row)
    return [
        Table(
            suite,
            tuple(Column(column) for column in dict.fromkeys(column for row in rows for column in row.cells)),
            (_section(source, rows),),
        )
        for source, rows in by_source.items()
    ]
