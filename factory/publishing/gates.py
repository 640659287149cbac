"""What must hold before a push: of a model's scores, of a dataset's rows and of what people said of them."""

from __future__ import annotations

from functools import partial
from typing import Any

from factory.errors import FactoryError
from factory.evaluate.board import by_suite
from factory.evaluate.gates import GateResult, parse_dataset_gate, parse_gate
from factory.graph import lineage
from factory.graph.nodes import Graph
from factory.graph.origins import AUTHENTIC, counted_share
from factory.publishing.cards.ratings import ratings
from factory.store.votes import load_votes


def judge_gates(graph: Graph, name: str) -> tuple[str, ...]:
    """Judge a model's gates on the scores measured in this store, or a dataset's on its finished rows.

    What stand-ins come to says nothing, so a rehearsal only notes which gates did not hold; that a score of a model is
    missing is a mistake all the same.

    Raises:
        FactoryError: naming every gate that failed, with the numbers and their interval.
    """
    of_rows = name in graph.loaded.recipe.datasets
    results = _of_dataset(graph, name) if of_rows else _of_model(graph, name)
    failed = [result for result in results if not result.passed]
    known = of_rows or all(None not in (result.left, result.right) for result in failed)
    if known and lineage.of(graph, name).stand_in:
        return tuple(f"gate of {name}, not asked of stand-ins: {result.explanation}" for result in failed)
    if failed:
        better = "change what is mixed or have more rows rated" if of_rows else "improve the model"
        raise FactoryError(
            f"{name} is not pushed, {len(failed)} of {len(results)} gates failed: "
            f"{'; '.join(result.explanation for result in failed)}",
            where=str(graph.loaded.place("datasets" if of_rows else "models", name, "gates")),
            fix=f"{better}, or change the gate if it asks for too much",
        )
    return ()


def _of_model(graph: Graph, name: str) -> list[GateResult]:
    spec = graph.loaded.recipe.models[name]
    scores = {suite: {} for suite in graph.loaded.recipe.evaluate} | by_suite(lineage.board(graph))
    compare = partial(lineage.differences, graph)
    return [parse_gate(text, dict.fromkeys(scores)).check(scores, name, spec.base, compare) for text in spec.gates]


def _of_dataset(graph: Graph, name: str) -> list[GateResult]:
    gates = [parse_dataset_gate(text) for text in graph.loaded.recipe.datasets[name].gates]
    measured = {gate.suite: {name: _measured(graph, name, gate.suite)} for gate in gates}
    return [gate.check(measured, name) for gate in gates]


def _measured(graph: Graph, name: str, what: str) -> dict[str, Any]:
    """What a dataset's gate compares, in the form of an evaluation: {headline, scores}; all values in percent."""
    if what == AUTHENTIC:
        return {"headline": AUTHENTIC, "scores": {AUTHENTIC: {"value": counted_share(graph, name).percent}}}
    found = {
        rating.question: {"value": rating.share, "low": rating.low, "high": rating.high}
        for rating in ratings(load_votes(graph.store, graph.final(name).fingerprint))
    }
    return {"headline": next(iter(found), "no vote"), "scores": found}
