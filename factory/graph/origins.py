"""How much of a dataset's text in the target language was written in it, and how much was translated.

A dataset's `origin` says it; where none does, rows that a `translate` step worked on are translated, and others are no
part of the share, as are those in the source language. AIN states 35 % authentic of its Arabic part (arXiv 2502.00094,
section 2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from factory.errors import FactoryError
from factory.graph.nodes import Edge, Graph, Node
from factory.steps.mix import Mix
from factory.store import Dataset, Manifest

AUTHENTIC, TRANSLATED, NEITHER = "authentic", "translated", "source"


@dataclass(frozen=True)
class Share:
    """Rows of each origin: counted where they are whole numbers of finished files, estimated before."""

    authentic: float
    translated: float

    @property
    def percent(self) -> float:
        """The authentic share of the target language's part; 0 where there is no such part."""
        return 100 * self.authentic / (self.authentic + self.translated) if self.authentic + self.translated else 0.0


class Untold(FactoryError):
    """It cannot be told which rows of a dataset are of which origin."""


def counted_share(graph: Graph, name: str) -> Share:
    """The share in the rows of a finished dataset.

    Raises:
        Untold: steps after a `mix` dropped rows, and no column says from where the others came.
    """
    rows = _counted(graph, graph.final(name), None)
    return Share(rows[AUTHENTIC], rows[TRANSLATED])


def _counted(graph: Graph, node: Node, split: str | None) -> Counter[str]:
    """Rows of a node, or of one split of it, by origin."""
    dataset = Dataset(node.folder)
    total = sum(dataset.num_rows(name) for name in ([split] if split else dataset.splits))
    if (only := _origin(graph, node)) is not None:
        return Counter({only: total})
    if isinstance(node.step, Mix):
        return _mixed(graph, node, node.step)
    assert node.source is not None
    before = +_counted(graph, graph.nodes[node.source.node], node.source.split)
    if len(before) <= 1:
        return Counter(dict.fromkeys(before, total))
    return before if before.total() == total else _by_column(graph, node, split)


def _mixed(graph: Graph, node: Node, step: Mix) -> Counter[str]:
    manifest = Manifest.load(node.folder)
    taken = manifest.metrics["mix"] if manifest else {}
    found: Counter[str] = Counter()
    for name in step.datasets:
        edge = node.inputs[name]
        part = +_counted(graph, graph.nodes[edge.node], edge.split)
        if len(part) > 1 and part.total() != taken[name]:
            raise Untold(
                f"`mix` drew {taken[name]:,} rows of {name}, which is itself mixed",
                where=str(node.place),
                fix="mix its parts here",
            )
        found.update(part if len(part) > 1 else dict.fromkeys(part, taken[name]))
    return found


def _by_column(graph: Graph, node: Node, split: str | None) -> Counter[str]:
    """By the column in which the last mix wrote where a row came from."""
    import pyarrow.parquet as pq

    mix = node
    while not isinstance(mix.step, Mix) and mix.source is not None:
        mix = graph.nodes[mix.source.node]
    step, dataset = mix.step, Dataset(node.folder)
    column = step.source_column if isinstance(step, Mix) else None
    splits = [split] if split else dataset.splits
    if not isinstance(step, Mix) or column is None or column not in dataset.schema(splits[0]).names:
        raise Untold(
            "rows were dropped after `mix`, and no column says which are authentic",
            where=str(mix.place),
            fix="give `mix` a `source_column` and keep that column",
        )
    origins = {name: _origin(graph, graph.nodes[mix.inputs[name].node]) for name in step.datasets}
    found: Counter[str] = Counter()
    for path in (path for name in splits for path in dataset.shards(name)):
        for entry in pq.read_table(path, columns=[column])[column].value_counts().to_pylist():
            if (said := origins.get(entry["values"])) is None:
                raise Untold(f"{entry['values']} is itself mixed", where=str(mix.place), fix="mix its parts here")
            found[said] += entry["counts"]
    return found


def _origin(graph: Graph, node: Node) -> str | None:
    """The one origin of all rows of a node; None where a mix brought several together."""
    datasets = graph.loaded.recipe.datasets
    declared = {graph.finals[name]: spec.origin for name, spec in datasets.items() if spec.origin}
    while True:
        if node.name in declared:
            return declared[node.name]
        if node.step.verb == "translate":
            return TRANSLATED
        if isinstance(node.step, Mix):
            return None
        if node.source is None:
            return NEITHER
        node = graph.nodes[node.source.node]


def estimated_share(graph: Graph, name: str, rows: Callable[[Edge], float | None]) -> Share | None:
    """The share that weights and the `rows` expected of each part lead to; None where these are not known."""
    parts = _expected(graph, graph.final(name), rows)
    return Share(parts[AUTHENTIC], parts[TRANSLATED]) if parts is not None else None


def _expected(graph: Graph, node: Node, rows: Callable[[Edge], float | None]) -> dict[str, float] | None:
    """Shares of the origins in a node's rows, which add up to 1."""
    if (only := _origin(graph, node)) is not None:
        return dict.fromkeys((AUTHENTIC, TRANSLATED, NEITHER), 0.0) | {only: 1.0}
    if not isinstance(node.step, Mix):
        assert node.source is not None
        return _expected(graph, graph.nodes[node.source.node], rows)
    edges = [node.inputs[name] for name in node.step.datasets]
    sizes: list[Any] = node.step.weights or [rows(edge) for edge in edges]
    parts = [_expected(graph, graph.nodes[edge.node], rows) for edge in edges]
    known = [(size, part) for size, part in zip(sizes, parts, strict=True) if size is not None and part is not None]
    total = sum(size for size, _ in known)
    if len(known) < len(edges) or not total:
        return None
    return {kind: sum(size * part[kind] for size, part in known) / total for kind in (AUTHENTIC, TRANSLATED, NEITHER)}
