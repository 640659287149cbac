"""A model's scores on its card: tables beside what it is held against, headlines as a picture, what others state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from factory.evaluate.board import by_suite
from factory.evaluate.found import Found
from factory.evaluate.paired import Difference
from factory.graph import hygiene, lineage
from factory.graph.nodes import Graph
from factory.publishing.cards.text import number
from factory.publishing.pictures import FIRST, OTHER, Bar, bars_svg
from factory.steps.merge import Merge

SCORES_PICTURE = "scores.svg"
COMPARED = 6  # models beside this one in a table of scores
SHOWN_SCORES = 12  # the rest is folded
SHORT = 100  # characters of a line of the protocol's table; what is longer is folded


@dataclass(frozen=True)
class ScoreTable:
    """One suite: `columns` are models, this one first and its base second; `rows` a score's name and its cells.

    `roles` says what those that it is held against are to it; `differences` are {column: {score: those to it}} on the
    same questions. `found` is the percent of each score's samples that stands in the model's training data, `found_in`
    how that was looked for; None: it was not.
    """

    suite: str
    headline: str
    columns: list[str]
    rows: list[tuple[str, str, list[dict[str, Any] | None]]]
    protocol: dict[str, Any]
    measured: bool
    roles: dict[str, str] = field(default_factory=dict)
    differences: Mapping[str, Mapping[str, Difference]] = field(default_factory=dict)
    found: Mapping[str, float] = field(default_factory=dict)
    found_in: Found | None = None

    @property
    def compared(self) -> int:
        """How many columns after the first one this model is held against."""
        return sum(column in self.roles for column in self.columns)

    @property
    def about(self) -> list[tuple[str, Any]]:
        """What of the protocol fits on a line of a table."""
        return [(key, value) for key, value in self.protocol.items() if _is_short(value)]

    @property
    def particulars(self) -> list[tuple[str, Any]]:
        """The rest of the protocol."""
        return [(key, value) for key, value in self.protocol.items() if not _is_short(value)]

    @property
    def headings(self) -> list[str]:
        """The columns' names, with what they are to this model where more than a base is among them."""
        roles = self.roles if [*self.roles.values()] != ["base model"] else {}
        return [f"{column} ({roles[column]})" if column in roles else column for column in self.columns]


def _is_short(value: Any) -> bool:
    return not isinstance(value, dict | list) and len(str(value)) <= SHORT and "\n" not in str(value)


def measured(graph: Graph, name: str) -> dict[str, dict[str, Any]]:
    """{suite: metrics} of the finished evaluations of one model."""
    return {entry.suite: entry.metrics for entry in lineage.board(graph) if entry.model == name}


def score_tables(graph: Graph, name: str) -> list[ScoreTable]:
    """A table for every suite that lists the model, measured or not yet."""
    roles = _roles(graph, name)
    tables = []
    scores = by_suite(lineage.board(graph))
    for suite in graph.loaded.recipe.evaluate:
        listed = [node.name.partition("/")[2] for node in graph.evaluations() if node.artifact == suite]
        if name not in listed:
            continue
        found = scores.get(suite, {})
        if name not in found:
            tables.append(ScoreTable(suite, "", [name], [], {}, measured=False))
            continue
        others = [model for model in listed if model in found and not _made_from(graph, model, name)]
        others.sort(key=lambda model: ([*roles, model].index(model), listed.index(model)))
        columns = [name, *others[:COMPARED]]
        own = found[name]
        names = sorted(own["scores"], key=lambda score: score != own["headline"])
        rows = [
            (score, own["scores"][score]["metric"], [found[model]["scores"].get(score) for model in columns])
            for score in names
        ]
        found_in, shares = hygiene.found(graph, suite, name) or (None, {})
        paired = {other: lineage.differences(graph, suite, name, other) for other in columns[1:] if other in roles}
        headline, protocol = own["headline"], own["protocol"]
        tables.append(ScoreTable(suite, headline, columns, rows, protocol, True, roles, paired, shares, found_in))
    return tables


def _roles(graph: Graph, name: str) -> dict[str, str]:
    """The models that a model is held against, and what they are to it: its base, then what its last step began with.

    The base is the nearest one before it that readers know, of the Hub or published: what the recipe makes on the way
    is none. What was merged or quantized is named as that.
    """
    models, steps = graph.loaded.recipe.models, graph.loaded.recipe.models[name].steps
    merges = [step for step in steps if isinstance(step, Merge)]
    base = next((step.base for step in merges if step.base), models[name].base)
    while base in models and graph.loaded.recipe.repo_id(base) is None:
        base = models[base].base
    parents = [models[name].base, *(other for step in merges for other in step.others)]
    word = "merged from" if merges else "quantized from" if steps and steps[-1].verb == "quantize" else ""
    roles = {model: word for model in parents if word and model}
    return {
        **({base: "base model"} if base else {}),
        **{model: role for model, role in roles.items() if model != base},
    }


def _made_from(graph: Graph, model: str, name: str) -> bool:
    """Whether `model` is `name` or a descendant, which has a card of its own to be compared on."""
    return graph.final(name) in graph.needed_for([graph.final(model).name])


@dataclass(frozen=True)
class Reported:
    """A number somebody else stated, and what was measured here under the same name."""

    name: str
    stated: float
    measured: dict[str, Any] | None


def reported(graph: Graph, name: str) -> list[Reported]:
    stated = graph.loaded.recipe.models[name].reported
    here = measured(graph, name)
    lines = []
    for key, value in (stated.scores if stated else {}).items():
        suite = key if key in here else key.partition(".")[0]
        score = key[len(suite) + 1 :] or None
        metrics = here.get(suite)
        lines.append(Reported(key, value, metrics["scores"].get(score or metrics["headline"]) if metrics else None))
    return lines


def scores_picture(tables: Sequence[ScoreTable]) -> bytes | None:
    """The headline of every measured suite as bars with their intervals, this model's first; None without any."""
    groups: dict[str, list[Bar]] = {}
    for table in tables:
        row = next((row for row in table.rows if row[0] == table.headline), None)
        if row is None:
            continue
        _, metric, cells = row
        title = f"{table.suite}: {metric}, n = {number(next(cell for cell in cells if cell)['n'])}"
        if not all(cell.get("higher_is_better", True) for cell in cells if cell):
            title += "; lower is better"
        groups[title] = [
            Bar(
                heading,
                cell["value"],
                number(cell["value"]),
                FIRST if place == 0 else OTHER,
                (cell["low"], cell["high"]) if cell.get("low") is not None and cell.get("high") is not None else None,
            )
            for place, (heading, cell) in enumerate(zip(table.columns, cells, strict=True))
            if cell
        ]
    return bars_svg(groups) if groups else None
